package org.pgchorus.route;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** One node, as a place where sessions go. Any thread. */
final class Destination {
    /** What its server says to a question for encryption. */
    enum Encrypts {
        NOT_KNOWN,
        YES,
        NO
    }

    private final String node;
    private final Address.Place place;
    private final AtomicInteger sessions = new AtomicInteger();
    private final AtomicInteger encrypted = new AtomicInteger();
    private volatile InetSocketAddress socketAddress;
    private volatile Encrypts tls = Encrypts.NOT_KNOWN;
    private volatile Encrypts gss = Encrypts.NOT_KNOWN;
    private Condition condition = Condition.NOT_LOOKED_AT;

    /** Bytes from clients, bytes to clients, sessions so far, those cut, connections refused. */
    final LongAdder bytesIn = new LongAdder();

    final LongAdder bytesOut = new LongAdder();
    final LongAdder begun = new LongAdder();
    final LongAdder cut = new LongAdder();
    final LongAdder failed = new LongAdder();

    /**
     * @throws IllegalArgumentException if its server is reached by no TCP
     */
    Destination(NodeAddress address) {
        this.node = address.name().text();
        this.place = address.address().places().getFirst();
        if (place.host().startsWith("/")) {
            throw new IllegalArgumentException(
                    "node %s: a router reaches servers by TCP, not by the socket in %s"
                            .formatted(node, place.host()));
        }
        this.socketAddress = new InetSocketAddress(place.host(), place.port());
    }

    String node() {
        return node;
    }

    String host() {
        return place.host();
    }

    /** Where clients' connections go to. */
    InetSocketAddress socketAddress() {
        return socketAddress;
    }

    /** Asks for the host's address anew: it may have moved. */
    InetSocketAddress resolve() throws UnknownHostException {
        socketAddress = new InetSocketAddress(InetAddress.getByName(place.host()), place.port());
        return socketAddress;
    }

    synchronized Condition condition() {
        return condition;
    }

    /** Whether it went down by this look, or stayed so. */
    synchronized boolean isDownAfter(Condition.Look look) {
        condition = condition.next(look);
        if (condition.state() == NodeState.DOWN) {
            tls = Encrypts.NOT_KNOWN;
            gss = Encrypts.NOT_KNOWN;
        }
        return condition.state() == NodeState.DOWN;
    }

    /** A connection of a client failed. */
    synchronized void suspect(String why) {
        failed.increment();
        condition = condition.suspected(why);
    }

    Encrypts encrypts(StartPacket.Kind kind) {
        return switch (kind) {
            case TLS -> tls;
            case GSS -> gss;
        };
    }

    void noteEncrypts(StartPacket.Kind kind, boolean yes) {
        Encrypts answer = yes ? Encrypts.YES : Encrypts.NO;
        switch (kind) {
            case TLS -> tls = answer;
            case GSS -> gss = answer;
        }
    }

    int sessions() {
        return sessions.get();
    }

    /** One more session, or a client that wants one. */
    void enter() {
        sessions.incrementAndGet();
        begun.increment();
    }

    void leave() {
        sessions.decrementAndGet();
    }

    /** Sessions whose keys nobody but the client knows. */
    boolean hasEncrypted() {
        return encrypted.get() > 0;
    }

    void countEncrypted(int change) {
        encrypted.addAndGet(change);
    }

    @Override
    public String toString() {
        return "node " + node;
    }
}
