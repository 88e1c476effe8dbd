package dev.detent.host.observe;

import dev.detent.host.problem.ObservationProblems;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;

/**
 * Statistics read from a file.
 *
 * @param file where they lie
 */
public record KnownObservations(Path file, Observations observations) {

    /**
     * Reads a file, or that of a run's folder.
     *
     * @throws UserException when it cannot serve a run
     */
    public static KnownObservations read(Path given) {
        Path file = ObservationsFile.in(given);
        Observations read = ObservationsFile.read(file);
        if (!read.data().isWhole()) {
            throw new UserException(
                    ObservationProblems.INCOMPLETE,
                    "holds the shards " + read.data().held() + " of "
                            + read.data().shards() + "; merge all with 'detent observe --merge'",
                    file.toString());
        }
        return new KnownObservations(file, read);
    }

    /**
     * Refuses statistics that were made otherwise than a run would make them.
     *
     * @param origin of the run; its preprocessing does not matter, for there are no data to prepare
     */
    public void confirm(Observations.Origin origin) {
        Observations.Origin made = observations.origin();
        if (!made.model().equals(origin.model())) {
            throw new UserException(
                    ObservationProblems.OTHER_MODEL,
                    "was made from another model (SHA-256 " + made.model().substring(0, 12) + "..., this one's is "
                            + origin.model().substring(0, 12) + "...)",
                    file.toString());
        }
        if (!made.observers().equals(origin.observers())) {
            throw new UserException(
                    ObservationProblems.LACKING,
                    "was made with the observer options " + made.observers() + ", this run has " + origin.observers()
                            + "; observe again with these",
                    file.toString());
        }
    }
}
