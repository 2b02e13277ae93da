package org.pgchorus.member;

import org.pgchorus.model.NodeName;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One step of a join. Each can be done again after it was broken off anywhere.
 *
 * <p>A step says what it needs and what it makes, so that a plan can be checked: no step uses what
 * an earlier one did not make.
 */
public sealed interface JoinStep {
    /** What steps make for one another. */
    enum Thing {
        /** The database was found fit. */
        EXAMINED,
        /** The join is noted on every node. */
        NOTE,
        /** The newcomer has our schema, which says what was done. */
        JOURNAL,
        /** The newcomer has the tables. */
        TABLES,
        /** No client writes at the newcomer. */
        GUARD,
        /** Every node keeps its log for the newcomer. */
        SLOTS,
        /** The provider has applied every peer past those slots' beginning. */
        FENCE,
        /** Rows and positions that fit each other. */
        ROWS,
        /** All that the tables have besides rows. */
        INDEXES,
        /** What the newcomer's clients will write is sent and leaves tombstones. */
        PUBLICATION,
        /** The newcomer keeps its log for every node. */
        SLOTS_BACK,
        /** Every node has the newcomer in its catalog. */
        ENTRY,
        /** Clients write, daemons serve. */
        OPEN
    }

    /** Its name in the newcomer's journal. */
    String word();

    /** What it does, for people. */
    String text();

    /** What has to be there. */
    Set<Thing> needs();

    /** What is there afterwards. */
    Set<Thing> makes();

    private static String listed(List<NodeName> nodes) {
        return nodes.stream().map(NodeName::text).collect(Collectors.joining(", "));
    }

    /**
     * Removes what an earlier join left behind.
     *
     * @param why it is not carried on
     */
    record TakeBack(int id, NodeName name, String why) implements JoinStep {
        @Override
        public String word() {
            return "take back";
        }

        @Override
        public String text() {
            return "take back what an earlier join of node %s left behind (%s)"
                    .formatted(name, why);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of();
        }

        @Override
        public Set<Thing> makes() {
            return Set.of();
        }
    }

    /**
     * Looks whether the database is fit.
     *
     * @param withTables whether the tables are there already, with all that belongs to them
     */
    record Examine(NodeName newcomer, boolean withTables) implements JoinStep {
        @Override
        public String word() {
            return "examine";
        }

        @Override
        public String text() {
            return "examine the database of node " + newcomer;
        }

        @Override
        public Set<Thing> needs() {
            return Set.of();
        }

        @Override
        public Set<Thing> makes() {
            return withTables
                    ? Set.of(Thing.EXAMINED, Thing.TABLES, Thing.INDEXES)
                    : Set.of(Thing.EXAMINED);
        }
    }

    /** Notes the join on every node, so that whoever comes later finds what was left. */
    record Note(int id, List<NodeName> members) implements JoinStep {
        @Override
        public String word() {
            return "note";
        }

        @Override
        public String text() {
            return "note the join on %s; the new node's id is %d".formatted(listed(members), id);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.EXAMINED);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.NOTE);
        }
    }

    /** Our schema and the newcomer's identity. */
    record Install(NodeName newcomer) implements JoinStep {
        @Override
        public String word() {
            return "install";
        }

        @Override
        public String text() {
            return "create schema pgchorus and replication origins at " + newcomer;
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.NOTE);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.JOURNAL);
        }
    }

    /** Tables as the provider has them, without indexes and constraints. */
    record CopyTables(NodeName provider) implements JoinStep {
        @Override
        public String word() {
            return "tables";
        }

        @Override
        public String text() {
            return "copy the schema of %s with pg_dump, indexes and constraints not yet"
                    .formatted(provider);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.JOURNAL);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.TABLES);
        }
    }

    /**
     * Refuses writes of clients at the newcomer.
     *
     * @param empty whether the tables must hold no row by then
     */
    record Shut(NodeName newcomer, boolean empty) implements JoinStep {
        @Override
        public String word() {
            return "shut";
        }

        @Override
        public String text() {
            return "refuse clients' writes at %s until its rows are there".formatted(newcomer);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.JOURNAL, Thing.TABLES);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.GUARD);
        }
    }

    /** Slots for the newcomer, before anything is copied. */
    record Slots(List<NodeName> members) implements JoinStep {
        @Override
        public String word() {
            return "slots";
        }

        @Override
        public String text() {
            return "create a slot for the newcomer on " + listed(members);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.NOTE);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.SLOTS);
        }
    }

    /** Waits for the provider. */
    record Fence(NodeName provider, List<NodeName> peers) implements JoinStep {
        @Override
        public String word() {
            return "fence";
        }

        @Override
        public String text() {
            return peers.isEmpty()
                    ? "wait for nobody, %s is alone".formatted(provider)
                    : "wait until %s has applied what %s wrote before those slots"
                            .formatted(provider, listed(peers));
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.SLOTS);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.FENCE);
        }
    }

    /** The rows, under one snapshot, and where each link begins. */
    record CopyRows(NodeName provider, int tables, int jobs) implements JoinStep {
        @Override
        public String word() {
            return "rows";
        }

        @Override
        public String text() {
            return "copy the rows of %d table(s) of %s under one snapshot, %d at once; tombstones"
                            .formatted(tables, provider, jobs)
                    + " and sequences";
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.TABLES, Thing.GUARD, Thing.SLOTS, Thing.FENCE);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.ROWS);
        }
    }

    /** The rows are there already: links begin where the slots do. */
    record TrustRows(NodeName newcomer) implements JoinStep {
        @Override
        public String word() {
            return "rows";
        }

        @Override
        public String text() {
            return "take the rows at %s for the same".formatted(newcomer);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.TABLES, Thing.GUARD, Thing.SLOTS, Thing.FENCE);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.ROWS);
        }
    }

    /** What belongs to the tables besides rows. */
    record BuildIndexes(int jobs) implements JoinStep {
        @Override
        public String word() {
            return "indexes";
        }

        @Override
        public String text() {
            return "build indexes and constraints, %d at once".formatted(jobs);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.TABLES, Thing.ROWS);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.INDEXES);
        }
    }

    /** Triggers, policies and the publication. */
    record Arrange(NodeName newcomer) implements JoinStep {
        @Override
        public String word() {
            return "arrange";
        }

        @Override
        public String text() {
            return "analyze the tables of %s; create triggers, policies and publication"
                    .formatted(newcomer);
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.JOURNAL, Thing.INDEXES, Thing.GUARD);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.PUBLICATION);
        }
    }

    /** Slots for the others. */
    record SlotsBack(NodeName newcomer, List<NodeName> members) implements JoinStep {
        @Override
        public String word() {
            return "slots back";
        }

        @Override
        public String text() {
            return "create slots at %s for %s".formatted(newcomer, listed(members));
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.PUBLICATION);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.SLOTS_BACK);
        }
    }

    /** Makes the newcomer a node in every catalog. */
    record Enter(NodeName newcomer, List<NodeName> members) implements JoinStep {
        @Override
        public String word() {
            return "enter";
        }

        @Override
        public String text() {
            return "enter %s into the catalogs of %s".formatted(newcomer, listed(members));
        }

        @Override
        public Set<Thing> needs() {
            return Set.of(Thing.NOTE, Thing.SLOTS_BACK);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.ENTRY);
        }
    }

    /** Lets clients write and daemons serve; forgets the notes. */
    record Open(NodeName newcomer) implements JoinStep {
        @Override
        public String word() {
            return "open";
        }

        @Override
        public String text() {
            return "let clients write at %s and its links flow; forget the notes"
                    .formatted(newcomer);
        }

        @Override
        public Set<Thing> needs() {
            return EnumSet.of(Thing.GUARD, Thing.SLOTS, Thing.ROWS, Thing.SLOTS_BACK, Thing.ENTRY);
        }

        @Override
        public Set<Thing> makes() {
            return Set.of(Thing.OPEN);
        }
    }
}
