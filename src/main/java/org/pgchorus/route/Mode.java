package org.pgchorus.route;

import java.util.Locale;

/** Which node a new client gets. */
public enum Mode {
    /** The one with the fewest sessions. */
    ANY,

    /** The same one for the same {@link By}, as long as it is there. */
    STICKY,

    /** One for all, and the next only when that one is out. */
    PREFERRED;

    /** Whom {@link #STICKY} keeps at one node. */
    public enum By {
        /** The role. */
        USER,

        /** The database. */
        DATABASE,

        /** The client's IP address. */
        CLIENT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
