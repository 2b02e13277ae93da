/**
 * Did it arrive? One direction between two nodes: reads the source's log, applies at the target.
 *
 * <p>Uses {@code model}, {@code pgoutput}, {@code conflict}, {@code sql}, {@code config}, {@code
 * pg}; never {@code member}, {@code verify} or {@code route}. Starts no thread: {@code daemon}
 * gives it some.
 */
package org.pgchorus.link;
