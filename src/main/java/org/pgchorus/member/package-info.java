/**
 * How does a node come, go, return? Examining databases, making groups, joining nodes.
 *
 * <p>Uses {@code model}, {@code conflict}, {@code sql}, {@code config}, {@code pg}; never {@code
 * link}. Starts no thread of its own: a join is given a factory for its copying ones.
 */
package org.pgchorus.member;
