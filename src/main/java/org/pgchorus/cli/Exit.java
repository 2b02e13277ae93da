package org.pgchorus.cli;

/** What a process's exit status says; the same for every command. */
final class Exit {
    /** All is well. */
    static final int WELL = 0;

    /** Something differs, is unhealthy or did not happen in time. */
    static final int DIFFERS = 1;

    /** The command line is wrong. */
    static final int WRONG_USE = 2;

    /** It could not be told: something failed before there was an answer. */
    static final int COULD_NOT_TELL = 3;

    private Exit() {}
}
