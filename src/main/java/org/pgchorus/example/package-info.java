/**
 * How do the systems that people describe look here? Each as a small play on throw-away servers,
 * which does every step, prints it, and checks what came of it.
 *
 * <p>Not pure: starts servers, daemons and processes, connects, waits. Doors: {@link
 * org.pgchorus.example.Examples}, {@link org.pgchorus.example.Example} and {@link
 * org.pgchorus.example.Means}. The command line is passed in, since this room does not see it.
 */
package org.pgchorus.example;
