package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HaltSql;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Conflicts at which links stand under the policy {@code error}: shown, and decided. No state. */
public final class Halts {
    private Halts() {}

    /**
     * Where a link stands. Rows and keys are JSON objects as text; empty if there is none.
     *
     * @param change its number in the transaction, from 1
     * @param type of the conflict
     */
    public record Halt(
            String commitLsn,
            long change,
            long xid,
            String table,
            String key,
            String type,
            Optional<String> local,
            Optional<String> remote,
            Optional<String> localTime,
            Optional<String> localNode,
            String remoteTime,
            String since) {}

    /** The side that a person chooses. */
    public enum Side {
        /** The row at the receiver stays. */
        LOCAL,
        /** The incoming change is applied. */
        REMOTE;

        /** The one meant by who names none: what stands stays until a person says otherwise. */
        public static final Side DEFAULT = LOCAL;

        /** As it is typed. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The conflict that a link stands at, if it stands at one. */
    public static Optional<Halt> show(Address any, NodeName from, NodeName to) {
        try (GroupSessions group = GroupSessions.open(any)) {
            return find(group.session(group.member(to)), group.member(from).id());
        }
    }

    private static Optional<Halt> find(Session target, int writer) {
        return target.first(
                HaltSql.SHOW,
                row ->
                        new Halt(
                                row.text(1),
                                row.number(2),
                                row.number(3),
                                row.text(4),
                                row.text(5),
                                row.text(6),
                                row.maybe(7),
                                row.maybe(8),
                                row.maybe(9),
                                row.maybe(10),
                                row.text(11),
                                row.text(12)),
                writer);
    }

    /**
     * Chooses a side for the conflict that a link stands at; it goes on within seconds.
     *
     * @param xid of the transaction meant, checked if given
     * @param change its number in the transaction, checked if given
     * @param side {@link Side#DEFAULT} if it is not given
     * @return what was decided, or would be; empty if the link stands at no conflict
     */
    public static Optional<Halt> choose(
            Address any,
            NodeName from,
            NodeName to,
            OptionalLong xid,
            OptionalLong change,
            Optional<Side> side,
            boolean dryRun) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Session target = group.session(group.member(to));
            int writer = group.member(from).id();
            Optional<Halt> found = find(target, writer);
            if (found.isEmpty() && side.isPresent()) {
                throw PgError.refused(
                        "link %s->%s stands at no conflict, so there is no side to keep"
                                .formatted(from, to));
            }
            if (found.isEmpty()) {
                return found;
            }
            Halt halt = found.get();
            boolean other =
                    (xid.isPresent() && xid.getAsLong() != halt.xid)
                            || (change.isPresent() && change.getAsLong() != halt.change);
            if (other) {
                throw PgError.refused(
                        "link %s->%s stands at change %d of transaction %d, not there"
                                .formatted(from, to, halt.change, halt.xid));
            }
            if (!dryRun) {
                target.update(
                        HaltSql.CHOOSE,
                        side.orElse(Side.DEFAULT).toString(),
                        writer,
                        halt.commitLsn,
                        halt.change);
            }
            return found;
        }
    }
}
