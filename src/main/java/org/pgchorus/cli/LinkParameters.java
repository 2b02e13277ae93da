package org.pgchorus.cli;

import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Parameters;

import java.util.Map;

/** {@code FROM TO}: which link is meant. */
final class LinkParameters {
    @Parameters(index = "0", paramLabel = "FROM", description = "The node that writes.")
    private NodeName from;

    @Parameters(index = "1", paramLabel = "TO", description = "The node that applies.")
    private NodeName to;

    NodeName from() {
        return from;
    }

    NodeName to() {
        return to;
    }

    LinkName name() {
        return new LinkName(from, to);
    }

    /** What was ordered, for programs. */
    Map<String, Object> json(boolean paused, boolean confirmed) {
        return Json.object(
                "from", from.text(), "to", to.text(), "paused", paused, "confirmed", confirmed);
    }

    /** Says that an order waits for somebody to carry it out. */
    String unconfirmed() {
        return ("the order for link %s stands, but no daemon has carried it out: none serves node"
                        + " %s; start one: pgchorus run %s=ADDRESS")
                .formatted(name(), to, to);
    }
}
