package org.pgchorus.route;

import java.util.Locale;

/** What the router does with a node. */
public enum NodeState {
    /** New sessions go there. */
    OPEN,

    /** Sessions that are there go on, new ones go elsewhere. */
    CLOSED,

    /** Its server does not answer: what is left of its sessions is ended. */
    DOWN;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
