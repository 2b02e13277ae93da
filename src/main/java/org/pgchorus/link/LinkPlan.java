package org.pgchorus.link;

import org.pgchorus.config.Address;
import org.pgchorus.model.LinkName;
import org.pgchorus.sql.ObjectNames;

/**
 * What a link connects.
 *
 * @param fromId the writer's node id
 * @param toId the applier's node id
 * @param skewLimitMicros how far a commit may lie in the target's future before the link stops
 */
public record LinkPlan(
        LinkName name,
        String groupId,
        int fromId,
        int toId,
        Address from,
        Address to,
        long skewLimitMicros) {
    /** The slot at the source, and the origin at the target. */
    public String slot() {
        return ObjectNames.link(groupId, fromId, toId);
    }

    /** What the link's sessions are called. */
    public String applicationName() {
        return ObjectNames.applicationName(name.to().text());
    }
}
