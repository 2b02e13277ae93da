package org.pgchorus.verify;

import org.pgchorus.model.LinkName;

import java.util.List;

/** Waits for what is under way. */
@FunctionalInterface
public interface Fence {
    /**
     * Waits until every node that is compared has applied, or holds back, what any of them had
     * committed or applied when this was called.
     *
     * @return the links that have not within the time given to it; empty if all have
     */
    List<LinkName> pass() throws InterruptedException;
}
