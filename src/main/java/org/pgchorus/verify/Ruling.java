package org.pgchorus.verify;

/** What reading a suspect again behind a fence has shown. */
sealed interface Ruling {
    /** All nodes agree by now. */
    record Cleared() implements Ruling {}

    /** The nodes differ, and nothing is on its way that could change that. */
    record Confirmed() implements Ruling {}

    /** It has to be read again behind another fence. */
    record Again(Suspect suspect) implements Ruling {}
}
