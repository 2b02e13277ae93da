/**
 * Can I see it work, now, without installing anything? Throw-away servers, a load, a demonstration.
 *
 * <p>Not pure: starts processes, unpacks archives, connects. Doors: {@link
 * org.pgchorus.demo.EmbeddedServer}.
 */
package org.pgchorus.demo;
