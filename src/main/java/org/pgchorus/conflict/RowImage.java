package org.pgchorus.conflict;

import org.pgchorus.model.Stamp;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * A row that is gone, as one node last had it.
 *
 * @param row a JSON object of its columns
 * @param written the stamp of that version
 * @param ended the stamp of the write that ended it
 */
public record RowImage(String row, Stamp written, Stamp ended) {
    /**
     * The row's last version: the one with the highest stamp. Of one version any image will do; the
     * order of the rest only makes the choice the same wherever it is made.
     */
    public static Optional<RowImage> last(Collection<RowImage> images) {
        return images.stream()
                .max(
                        Comparator.comparing(RowImage::written)
                                .thenComparing(RowImage::ended)
                                .thenComparing(RowImage::row));
    }
}
