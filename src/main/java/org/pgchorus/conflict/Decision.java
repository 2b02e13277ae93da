package org.pgchorus.conflict;

import java.util.Optional;

/**
 * What {@link Referee} answers.
 *
 * @param conflict what to record in the conflict history; empty if the writer had seen what stood
 *     here, so that nobody lost anything unknowingly
 * @param resolution {@link Resolution#KEEP_LOCAL} exactly if the verdict is {@link Verdict.Keep}
 */
public record Decision(Verdict verdict, Optional<Kind> conflict, Resolution resolution) {
    /** Refuses a resolution that is not the verdict's. */
    public Decision {
        boolean kept = verdict instanceof Verdict.Keep;
        if (kept != (resolution == Resolution.KEEP_LOCAL)) {
            throw new IllegalArgumentException(verdict + " is not " + resolution);
        }
    }
}
