package org.pgchorus.cli;

import org.pgchorus.daemon.Halts.Halt;
import org.pgchorus.model.NodeName;

import java.util.Map;

/** The conflict that a link stands at, as people and programs read it. Pure. */
final class HaltView {
    private HaltView() {}

    /**
     * For people, both versions side by side.
     *
     * @param writer of the incoming one
     */
    static String text(Halt halt, NodeName writer) {
        Facts facts =
                new Facts("stands at a conflict")
                        .fact("table", halt.table())
                        .fact("key", ConflictView.key(halt.key()))
                        .fact("type", halt.type())
                        .fact(
                                "local written",
                                halt.localTime().map(Moments::iso).orElse("at an unknown time")
                                        + halt.localNode().map(n -> " on " + n).orElse(""))
                        .fact("remote written", Moments.iso(halt.remoteTime()) + " on " + writer)
                        .fact("remote xid", Long.toString(halt.xid()))
                        .fact("change", Long.toString(halt.change()))
                        .fact("remote LSN", halt.commitLsn());
        return facts.text() + "\n" + ConflictView.versions(halt.local(), halt.remote());
    }

    /** For programs. */
    static Map<String, Object> json(Halt halt) {
        return Json.object(
                "xid", halt.xid(),
                "commit_lsn", halt.commitLsn(),
                "change", halt.change(),
                "table", halt.table(),
                "key", new Json.Raw(halt.key()),
                "type", halt.type(),
                "local", halt.local().map(Json.Raw::new),
                "remote", halt.remote().map(Json.Raw::new),
                "since", Moments.iso(halt.since()));
    }
}
