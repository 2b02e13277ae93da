package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;

/**
 * A node that is compared.
 *
 * @param id its number in the group, as stamps name it
 * @param session used for nothing else while it is compared
 */
public record Node(NodeName name, int id, Session session) {}
