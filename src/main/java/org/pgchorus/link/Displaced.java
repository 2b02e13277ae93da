package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A version that is kept outside of its table.
 *
 * @param seq its place in {@code pgchorus.displaced_row}
 * @param image its columns and their values as texts, null for NULL
 */
record Displaced(long seq, Map<String, String> image, Stamp stamp) {
    static Displaced of(long seq, List<String> columns, List<String> values, Stamp stamp) {
        Map<String, String> image = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            image.put(columns.get(i), values.get(i));
        }
        return new Displaced(seq, image, stamp);
    }

    /** With only those of its columns that are among these. */
    Displaced only(List<String> columns) {
        Map<String, String> fewer = new LinkedHashMap<>(image);
        fewer.keySet().retainAll(columns);
        return new Displaced(seq, fewer, stamp);
    }

    /** With other values in these columns. */
    Displaced with(List<String> columns, Row values) {
        Map<String, String> changed = new LinkedHashMap<>(image);
        for (int i = 0; i < columns.size(); i++) {
            changed.put(columns.get(i), values.text(i).orElse(null));
        }
        return new Displaced(seq, changed, stamp);
    }

    /** Its values in the order of these columns; NULL for those it does not have. */
    Row row(List<String> columns) {
        List<String> texts = new ArrayList<>();
        columns.forEach(column -> texts.add(image.get(column)));
        return Row.ofTexts(texts);
    }
}
