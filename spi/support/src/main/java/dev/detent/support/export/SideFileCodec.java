package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.problem.UserException;
import dev.detent.support.problem.SupportProblems;

/**
 * The syntax of a side file, in both directions: what {@link #write} wrote, {@link #read} gives back equal. A codec
 * owns the escaping of names in its syntax; a name that the syntax has no way to say is refused in one sentence before
 * anything is written. Reading meets damaged files: it throws nothing but a UserException that names file and place.
 *
 * @param <D> what a file holds
 */
public interface SideFileCodec<D> {

    /**
     * Writes a file of the artifact.
     *
     * @throws UserException when a name cannot be said in this syntax; nothing is written then
     */
    void write(ExportContext context, String file, D document);

    /**
     * Reads a file of the artifact.
     *
     * @throws UserException naming file and place, when the file is missing or damaged
     */
    D read(Artifact artefact, String file);

    /** The sentence for a file that does not hold what its format demands. */
    static UserException damaged(String file, String place, String sentence) {
        return new UserException(
                SupportProblems.DAMAGED_SIDE_FILE, sentence, place.isEmpty() ? file : file + ", " + place);
    }
}
