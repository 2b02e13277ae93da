/**
 * Who wins? Decides what one incoming change does to one key, and whether that was a conflict.
 *
 * <p>The only room that compares stamps. Pure: no input or output, no clock, no thread. Uses {@code
 * model} only. Door: {@link org.pgchorus.conflict.Referee#decide}. All its cases are listed in
 * {@code docs/conflicts.md}, which a test compares with what the code answers.
 */
package org.pgchorus.conflict;
