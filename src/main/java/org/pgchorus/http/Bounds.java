package org.pgchorus.http;

/** The bounds of requests and connections, for an HTTP server of another room. No state. */
public final class Bounds {
    private Bounds() {}

    /** Bounds every HTTP server of this process as {@link Server} is; before the first one. */
    public static void set() {
        Server.setBounds();
    }
}
