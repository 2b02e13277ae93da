package org.pgchorus.daemon;

import org.pgchorus.link.Diagnosis;
import org.pgchorus.link.LinkPlan;
import org.pgchorus.member.Member;
import org.pgchorus.model.LinkName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DetachSql;
import org.pgchorus.sql.ResyncSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a resync of one node has to do.
 *
 * @param node the node
 * @param restored whether it was put back to an earlier state: then all of its links are renewed,
 *     and what it should have forgotten is taken away
 * @param renewals the links to renew, with why
 */
public record ResyncPlan(Member node, boolean restored, List<Renewal> renewals) {
    /**
     * What a node said it had applied is written down once a second, so a crash may take that much
     * away; more than this was taken away by somebody.
     */
    private static final long FORGOTTEN_MICROS = 10_000_000;

    /** Copies the list. */
    public ResyncPlan {
        renewals = List.copyOf(renewals);
    }

    /** One link to renew. */
    public record Renewal(Member from, Member to, String why) {
        /** What people call it. */
        public LinkName name() {
            return new LinkName(from.name(), to.name());
        }
    }

    /**
     * Makes the plan; changes nothing.
     *
     * @param group with sessions on all nodes
     */
    static ResyncPlan of(GroupSessions group, Member node) {
        Map<LinkName, Renewal> found = new TreeMap<>(LinkOrder.BY_TEXT);
        boolean restored = journal(group, node, found) || hasForgotten(group, node);
        for (Member peer : group.members()) {
            if (peer.id() == node.id()) {
                continue;
            }
            for (Renewal link : List.of(new Renewal(peer, node, ""), new Renewal(node, peer, ""))) {
                Optional<Diagnosis.Fault> fault = fault(group, link);
                if (fault.isEmpty() || found.containsKey(link.name())) {
                    continue;
                }
                found.put(link.name(), new Renewal(link.from, link.to, fault.get().reason()));
                boolean wentBack =
                        fault.get().kind() == Diagnosis.Kind.SOURCE_RESTORED
                                || fault.get().kind() == Diagnosis.Kind.TARGET_RESTORED;
                if (wentBack && !fault.get().node().equals(node.name().text())) {
                    throw PgError.refused(fault.get().reason());
                }
                restored |= wentBack;
            }
        }
        if (restored) {
            for (Member peer : group.members()) {
                if (peer.id() != node.id()) {
                    String why = "node %s was put back to an earlier state".formatted(node.name());
                    Renewal into = new Renewal(peer, node, why);
                    Renewal from = new Renewal(node, peer, why);
                    found.putIfAbsent(into.name(), into);
                    found.putIfAbsent(from.name(), from);
                }
            }
        }
        return new ResyncPlan(node, restored, new ArrayList<>(found.values()));
    }

    /** The order of links for people. */
    private static final class LinkOrder {
        static final java.util.Comparator<LinkName> BY_TEXT =
                java.util.Comparator.comparing(LinkName::toString);
    }

    /** What a resync that did not end had begun with. */
    private static boolean journal(GroupSessions group, Member node, Map<LinkName, Renewal> found) {
        record Noted(int from, int to, boolean restored) {}
        List<Noted> noted =
                group.session(node)
                        .query(
                                ResyncSql.JOURNAL,
                                row ->
                                        new Noted(
                                                (int) row.number(1),
                                                (int) row.number(2),
                                                row.truth(3)));
        Map<Integer, Member> members = new TreeMap<>();
        group.members().forEach(m -> members.put(m.id(), m));
        for (Noted link : noted) {
            if (members.containsKey(link.from) && members.containsKey(link.to)) {
                Renewal renewal =
                        new Renewal(
                                members.get(link.from),
                                members.get(link.to),
                                "an earlier resync has not ended");
                found.put(renewal.name(), renewal);
            }
        }
        return noted.stream().anyMatch(Noted::restored);
    }

    /** Whether a node has applied less than it said it had. */
    private static boolean hasForgotten(GroupSessions group, Member node) {
        Map<Integer, Long> own = applied(group.session(node));
        for (Member peer : group.members()) {
            if (peer.id() != node.id()) {
                Map<Integer, Long> said = new TreeMap<>();
                group.session(peer)
                        .query(
                                ResyncSql.SAID,
                                row -> said.put((int) row.number(1), row.number(2)),
                                node.id());
                for (Map.Entry<Integer, Long> entry : said.entrySet()) {
                    Long now = own.get(entry.getKey());
                    if (now != null && entry.getValue() - FORGOTTEN_MICROS > now) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Up to which commit time a session's node has applied the others. */
    static Map<Integer, Long> applied(Session session) {
        Map<Integer, Long> applied = new TreeMap<>();
        session.query(DetachSql.APPLIED, row -> applied.put((int) row.number(1), row.number(2)));
        return applied;
    }

    private static Optional<Diagnosis.Fault> fault(GroupSessions group, Renewal link) {
        LinkPlan plan =
                new LinkPlan(
                        link.name(),
                        group.groupId(),
                        link.from.id(),
                        link.to.id(),
                        link.from.address(),
                        link.to.address(),
                        0);
        return Diagnosis.of(plan, group.session(link.to), group.session(link.from));
    }
}
