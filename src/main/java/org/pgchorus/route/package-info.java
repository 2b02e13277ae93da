/**
 * Which node takes this client? A router that understands the first packet of a connection and then
 * only moves bytes.
 *
 * <p>Doors: {@link org.pgchorus.route.Router}, told by {@link org.pgchorus.route.NodeWatch} how
 * nodes are. {@link org.pgchorus.route.StartPacket}, {@link org.pgchorus.route.ProxyHeader}, {@link
 * org.pgchorus.route.Greeting}, {@link org.pgchorus.route.Chooser} and {@link
 * org.pgchorus.route.Condition} are pure.
 */
package org.pgchorus.route;
