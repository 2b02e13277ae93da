package org.pgchorus.route;

import java.util.List;

/** What somebody who looks at the group says of a node. */
public sealed interface Judgement {
    /** Clients may write there. */
    record Writable() implements Judgement {}

    /** They may not, for these reasons. */
    record NotWritable(List<String> reasons) implements Judgement {}

    /** Nobody can say. */
    record Unknown(String why) implements Judgement {}
}
