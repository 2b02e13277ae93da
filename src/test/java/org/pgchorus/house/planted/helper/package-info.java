/** A room with a name that says nothing; see DoorsTest. */
package org.pgchorus.house.planted.helper;
