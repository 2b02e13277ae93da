/**
 * Is the whole well? The daemon that serves nodes, and what can be asked of a group and ordered.
 *
 * <p>Starts all threads. Uses every room above it; {@code http} and {@code cli} use it and never
 * {@code pg}.
 */
package org.pgchorus.daemon;
