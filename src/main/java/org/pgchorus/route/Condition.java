package org.pgchorus.route;

/**
 * How a node stands, look by look. Immutable, pure.
 *
 * <p>A judgement that nobody may write there counts at once: who judges waits long enough. A server
 * that does not answer gets no new sessions at once and loses those it has after {@value #LOOKS}
 * looks in a row. It comes back after as many good ones. Where no judge can be asked about any
 * node, what was said last counts as long as the server answers: daemons may stop, clients go on.
 *
 * @param reason why it is not open; empty if it is
 * @param silent looks in a row without an answer of its server
 * @param unknown looks in a row without a judgement
 * @param well good looks in a row, while it is not open
 */
record Condition(NodeState state, String reason, int silent, int unknown, int well) {
    static final int LOOKS = 2;

    /** Before anything is known; the first look may open it. */
    static final Condition NOT_LOOKED_AT =
            new Condition(NodeState.CLOSED, "not looked at yet", 0, 0, LOOKS);

    private static final Condition WELL = new Condition(NodeState.OPEN, "", 0, 0, 0);

    /**
     * What one look found.
     *
     * @param silence why its server does not answer; empty if it does
     * @param anyJudge whether there was one to be asked about any node
     */
    record Look(String silence, Judgement judgement, boolean anyJudge) {}

    /** After one more look. */
    Condition next(Look look) {
        if (!look.silence.isEmpty()) {
            boolean down = state == NodeState.DOWN || silent + 1 >= LOOKS;
            return new Condition(
                    down ? NodeState.DOWN : NodeState.CLOSED, look.silence, silent + 1, 0, 0);
        }
        return switch (look.judgement) {
            case Judgement.Writable() -> good();
            case Judgement.NotWritable(var reasons) -> closed(String.join("; ", reasons));
            case Judgement.Unknown(var why) -> unknown(why, look.anyJudge);
        };
    }

    private Condition good() {
        if (state == NodeState.OPEN || well + 1 >= LOOKS) {
            return WELL;
        }
        String waits = "well for %d of %d looks after it was not".formatted(well + 1, LOOKS);
        return new Condition(NodeState.CLOSED, waits, 0, 0, well + 1);
    }

    private Condition unknown(String why, boolean anyJudge) {
        if (state != NodeState.OPEN || anyJudge && unknown + 1 >= LOOKS) {
            return closed(why);
        }
        return new Condition(NodeState.OPEN, "", 0, anyJudge ? unknown + 1 : 0, 0);
    }

    private static Condition closed(String reason) {
        return new Condition(NodeState.CLOSED, reason, 0, 0, 0);
    }

    /** A client's connection was refused there: others go elsewhere until it has been looked at. */
    Condition suspected(String why) {
        return state == NodeState.OPEN ? closed(why) : this;
    }
}
