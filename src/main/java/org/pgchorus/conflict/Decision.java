package org.pgchorus.conflict;

import java.util.Optional;

/**
 * What {@link Referee} answers.
 *
 * @param conflict what to record in the conflict history; empty if the writer had seen what stood
 *     here, so that nobody lost anything unknowingly
 * @param resolution what the verdict does, for the history
 */
public record Decision(Verdict verdict, Optional<Kind> conflict, Resolution resolution) {
    /** Refuses a resolution that is not the verdict's. */
    public Decision {
        boolean fits =
                switch (verdict) {
                    case Verdict.Keep() -> resolution == Resolution.KEEP_LOCAL;
                    case Verdict.Combine() -> resolution == Resolution.COMBINED;
                    case Verdict.Halt() -> resolution == Resolution.UNDECIDED;
                    case Verdict.Write _, Verdict.Erase(), Verdict.Complete() ->
                            resolution == Resolution.APPLY_REMOTE;
                };
        if (!fits) {
            throw new IllegalArgumentException(verdict + " is not " + resolution);
        }
    }
}
