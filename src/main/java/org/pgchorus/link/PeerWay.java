package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;

/**
 * From one node of a group to another: only what clients of the source wrote, decided by stamps.
 *
 * @param applied shared by all links into the same node
 * @param policies shared like that
 */
record PeerWay(LinkPlan plan, Applied applied, Policies policies, TooLarge tooLarge)
        implements Way {
    PeerWay(LinkPlan plan, Applied applied, Policies policies) {
        this(plan, applied, policies, new TooLarge());
    }

    @Override
    public Receiver arrive(Session target, ApplyTimes times) {
        target.execute(LinkSql.APPLYING);
        Preflight.takeOrigin(plan, target);
        Applier applier = new Applier(plan, target, new WriterRows(plan), applied, policies);
        return new Grouping(plan, target, applier, policies, tooLarge, times);
    }

    @Override
    public void check(Session target, Lsn startLsn) {
        Preflight.check(plan, target, startLsn);
    }

    @Override
    public LogStream open(Lsn sourceStartLsn) {
        return LogStream.open(plan.from(), plan.applicationName(), plan.slot(), sourceStartLsn);
    }
}
