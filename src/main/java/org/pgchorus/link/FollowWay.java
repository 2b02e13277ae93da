package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.LinkSql;

import java.util.List;

/**
 * From a provider to a follower: all that happens to the followed tables at the provider, whoever
 * wrote it first, in the provider's order.
 *
 * @param slot at the provider
 * @param publications at the provider
 * @param providerSystemIdentifier of the server that the copy came from
 */
record FollowWay(
        LinkPlan plan, String slot, List<String> publications, long providerSystemIdentifier)
        implements Way {
    private record Ends(long recorded, long real) {}

    private record Slot(Lsn confirmed, String status, Lsn end) {}

    @Override
    public Receiver arrive(Session target, ApplyTimes times) {
        target.execute(LinkSql.APPLYING);
        return new FollowApplier(plan, target, times);
    }

    @Override
    public void check(Session target, Lsn startLsn) {
        String follower = plan.name().to().text();
        Ends ends =
                target.first(FollowSql.FOLLOWING, row -> new Ends(row.number(3), row.number(4)))
                        .orElseThrow(() -> PgError.busy("node " + follower + " follows nobody"));
        if (ends.recorded != ends.real) {
            throw PgError.refused(
                    ("the database of follower %s was restored or copied into another server"
                                    + " (system identifier %d, recorded %d); %s")
                            .formatted(follower, ends.real, ends.recorded, again()));
        }
        try (Session source = Session.open(plan.from(), plan.applicationName())) {
            Patience.bound(source);
            long there = Long.parseLong(source.value(FollowSql.SYSTEM));
            if (there != providerSystemIdentifier) {
                throw PgError.refused(
                        ("the server at %s is not the one that %s began to follow (system"
                                        + " identifier %d, recorded %d); %s")
                                .formatted(
                                        source.where(),
                                        follower,
                                        there,
                                        providerSystemIdentifier,
                                        again()));
            }
            checkSlot(source, startLsn);
        }
    }

    private void checkSlot(Session source, Lsn startLsn) {
        Slot found =
                source.first(
                                FollowSql.SLOT,
                                row -> new Slot(row.lsn(1), row.text(2), row.lsn(3)),
                                slot)
                        .orElseThrow(() ->
                                PgError.refused(
                                        ("the slot %s is gone from the provider, and with it what"
                                                        + " %s has not received; %s")
                                                .formatted(slot, plan.name().to(), again())));
        if (found.status.equals("lost")) {
            throw PgError.refused(
                    ("the provider has removed WAL that the slot %s still needed (wal_status"
                                    + " lost); raise max_slot_wal_keep_size there, and %s")
                            .formatted(slot, again()));
        }
        if (found.confirmed.isAfter(startLsn)) {
            throw PgError.refused(
                    ("follower %s has been restored to an earlier state: it stands at %s of the"
                                    + " provider's log but had confirmed %s; %s")
                            .formatted(plan.name().to(), startLsn, found.confirmed, again()));
        }
        if (startLsn.isAfter(found.end)) {
            throw PgError.refused(
                    ("the provider has been restored to an earlier state: its log ends at %s but"
                                    + " %s has applied up to %s; %s")
                            .formatted(found.end, plan.name().to(), startLsn, again()));
        }
    }

    private String again() {
        return "make it follow anew: pgchorus node remove %s, then pgchorus node follow"
                .formatted(plan.to().text());
    }

    @Override
    public LogStream open(Lsn sourceStartLsn) {
        return LogStream.openWhole(
                plan.from(), plan.applicationName(), slot, publications, sourceStartLsn);
    }
}
