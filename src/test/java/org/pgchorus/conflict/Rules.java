package org.pgchorus.conflict;

/** What a simulated cluster does otherwise than the product, to show that the test can fail. */
enum Rules {
    /** As the product does it. */
    TRUE,
    /** Equal times are settled between the applying node and the sender, not by the writers. */
    TIE_BY_APPLIER,
    /** Changes are applied although the local clock has not passed their time. */
    NO_COMMIT_WAIT,
    /** A version that could not be completed is skipped and forgotten. */
    SKIPS_FORGOTTEN,
    /** "Applied up to" is taken at its word, though commit times are not quite in order. */
    NO_MARGIN,
    /** Missing large values are taken from whatever row stands. */
    COMPLETED_FROM_ANY_ROW
}
