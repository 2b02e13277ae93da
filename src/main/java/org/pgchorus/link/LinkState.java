package org.pgchorus.link;

/** What a link is doing. */
public sealed interface LinkState {
    /** One word for tables, metrics and the catalog. */
    String word();

    /** Why, in a sentence; empty if there is nothing to say. */
    default String reason() {
        return "";
    }

    /** Connecting. */
    record Starting() implements LinkState {
        @Override
        public String word() {
            return "starting";
        }
    }

    /** Applying what the source sends, as it sends it. */
    record Streaming() implements LinkState {
        @Override
        public String word() {
            return "streaming";
        }
    }

    /** Stopped by an operator's order until the next one. */
    record Paused() implements LinkState {
        @Override
        public String word() {
            return "paused";
        }
    }

    /** Something passing is in the way; tried again for ever. */
    record Waiting(String reason) implements LinkState {
        @Override
        public String word() {
            return "waiting";
        }
    }

    /** Something is in the way that a person has to change; looked at again every few seconds. */
    record Stopped(String reason) implements LinkState {
        @Override
        public String word() {
            return "stopped";
        }
    }
}
