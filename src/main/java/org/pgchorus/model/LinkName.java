package org.pgchorus.model;

/** One direction between two nodes: {@code from} writes, {@code to} applies. */
public record LinkName(NodeName from, NodeName to) implements Comparable<LinkName> {
    @Override
    public int compareTo(LinkName other) {
        int byFrom = from.compareTo(other.from);
        return byFrom != 0 ? byFrom : to.compareTo(other.to);
    }

    @Override
    public String toString() {
        return from + "->" + to;
    }
}
