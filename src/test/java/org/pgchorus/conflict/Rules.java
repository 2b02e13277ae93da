package org.pgchorus.conflict;

/** What a simulated cluster does otherwise than the product, to show that the test can fail. */
enum Rules {
    /** As the product does it. */
    TRUE,
    /** Equal times are settled between the applying node and the sender, not by the writers. */
    TIE_BY_APPLIER,
    /** Changes are applied although the local clock has not passed their time. */
    NO_COMMIT_WAIT,
    /** Versions read at a writer are merged although the local clock has not passed their time. */
    NO_COMMIT_WAIT_ON_THE_OTHER_PATH,
    /**
     * A change that its writer has replaced already is skipped, and what replaced it not merged.
     */
    REPLACED_VERSIONS_SKIPPED,
    /** An older version that comes by its stream undoes a later one read at another node. */
    STREAM_UNDOES_THE_OTHER_PATH,
    /** What a writer shows is taken for the change's row although its commit is not visible yet. */
    INVISIBLE_TAKEN_FOR_REPLACED,
    /** What an invisible transaction did earlier to the row that it then moved is left out. */
    EARLIER_CHANGES_FORGOTTEN,
    /** A moved row is completed from a row with the transaction's own stamp under the old key. */
    MOVED_ROW_OF_THE_SAME_STAMP_TRUSTED,
    /** "Applied up to" is taken at its word, though commit times are not quite in order. */
    NO_MARGIN,
    /** Missing large values are taken from whatever row stands. */
    COMPLETED_FROM_ANY_ROW
}
