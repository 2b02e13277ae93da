package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Leaver;

/** What an operator can order of a whole node. No state. */
public final class NodeOrders {
    private NodeOrders() {}

    /** Makes a database plain again, as {@link Leaver#remove} says. */
    public static Leaver.Left remove(Address address, boolean force) throws InterruptedException {
        return Leaver.remove(address, force);
    }
}
