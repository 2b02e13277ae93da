package org.pgchorus.route;

/** What all sessions of a router share. Any thread. */
record Reception(
        RouterOptions options, Destinations destinations, Counters counters, Cancels cancels) {}
