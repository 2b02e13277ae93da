/** Breaks the rules of a pure room on purpose; see DoorsTest. */
package org.pgchorus.house.planted.model;
