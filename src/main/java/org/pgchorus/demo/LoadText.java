package org.pgchorus.demo;

import org.pgchorus.daemon.Status;
import org.pgchorus.model.NodeName;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a load says how it stands: the demo's lines, in 80 characters. Pure. */
public final class LoadText {
    private LoadText() {}

    /** What stands above {@link #second}. */
    public static List<String> head(Collection<NodeName> nodes) {
        return DemoText.head(nodes);
    }

    /** Transactions written so far, and since the line before; status if a node could be asked. */
    public static String second(
            int second, Map<NodeName, Long> written, long rate, Optional<Status> status) {
        return DemoText.second(second, written, rate, status);
    }
}
