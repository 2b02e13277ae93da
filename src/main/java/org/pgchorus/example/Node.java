package org.pgchorus.example;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.model.NodeName;

/**
 * A server of an example, and the database on it that is, or is to be, a node.
 *
 * @param address with the node's name, as clients on the spot reach it
 */
public record Node(EmbeddedServer server, NodeAddress address) {
    /**
     * A server that is to be started.
     *
     * @param port before {@link Means#shift}
     * @param major PostgreSQL's version
     */
    public record Wanted(String name, int port, int major, String database) {}

    /** The node's name. */
    public String name() {
        return address.name().text();
    }

    /** The database's address, as it is typed. */
    public String at() {
        return address.address().text();
    }

    /** {@code NAME=ADDRESS}, as it is typed. */
    public String typed() {
        return name() + "=" + at();
    }

    /** The same server, reached in another way: through a relay, or with credentials. */
    public Node by(Address other) {
        return new Node(server, new NodeAddress(new NodeName(name()), other));
    }
}
