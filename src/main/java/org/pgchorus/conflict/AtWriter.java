package org.pgchorus.conflict;

/**
 * What the writer of an incomplete change shows when it is asked.
 *
 * @param standing if the change's transaction is visible there: what stands under the change's key,
 *     its version or a later one. If not: what stands under the key that the row had before
 * @param includesChange whether the change's transaction is visible there. A commit can be in the
 *     stream before it is: while it waits for a synchronous standby, say. Its rows stay locked
 *     meanwhile
 */
public record AtWriter(Standing standing, boolean includesChange) {}
