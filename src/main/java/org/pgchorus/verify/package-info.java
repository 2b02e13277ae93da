/**
 * Are the nodes equal? Compares live tables of all nodes, and calls nothing a difference that may
 * be on its way.
 *
 * <p>Uses {@code model}, {@code conflict}, {@code sql}, {@code config}, {@code pg}; never {@code
 * link} or {@code member}. Starts no thread of its own: it is given an executor. What a row under
 * way is, {@link org.pgchorus.verify.Fence} and {@link org.pgchorus.verify.Differ} decide together.
 */
package org.pgchorus.verify;
