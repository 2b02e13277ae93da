package org.pgchorus.config;

import org.pgchorus.model.NodeName;

/** A node's name and where its database is, as typed: {@code n1=postgresql://host/db}. */
public record NodeAddress(NodeName name, Address address) {
    /**
     * Reads {@code NAME=ADDRESS}, split at the first {@code =}.
     *
     * @throws IllegalArgumentException if the name is missing (a bare address), or name or address
     *     is not allowed; the message shows no password
     */
    public static NodeAddress parse(String text) {
        int equals = text.indexOf('=');
        String before = equals < 0 ? text : text.substring(0, equals);
        if (equals < 0 || before.contains("://")) {
            throw bare();
        }
        NodeName name = new NodeName(before.strip());
        try {
            return new NodeAddress(name, Address.parse(text.substring(equals + 1)));
        } catch (IllegalArgumentException refused) {
            if (AddressParameter.isKnown(name.text())) {
                throw bare();
            }
            throw new IllegalArgumentException(
                    "node %s: %s".formatted(name, refused.getMessage()), refused);
        }
    }

    private static IllegalArgumentException bare() {
        return new IllegalArgumentException(
                "a node is given as NAME=ADDRESS, such as n1=postgresql://user@host:5432/dbname;"
                        + " here the name is missing");
    }

    /** {@code NAME=ADDRESS} without a password. */
    @Override
    public String toString() {
        return name + "=" + address.text();
    }
}
