/**
 * Who wins? Decides what one incoming change does to one key, and whether that was a conflict.
 *
 * <p>The only room that compares stamps. Pure: no input or output, no clock, no thread. Uses {@code
 * model} only. Doors: {@link org.pgchorus.conflict.Referee#decide}, and for changes that came
 * without their large values {@link org.pgchorus.conflict.Referee#completedByMove} and {@link
 * org.pgchorus.conflict.Referee#complete}. Which of several versions that clash on a constraint
 * stays: {@link org.pgchorus.conflict.Displacement#enter}. All cases are listed in {@code
 * docs/conflicts.md}, which a test compares with what the code answers.
 */
package org.pgchorus.conflict;
