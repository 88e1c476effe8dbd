package dev.detent.host.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RunJournalTest {

    private static final String JOURNAL = """
            [
            {"step":"place","plugin":"host","transitions":0,"reason":"first"},
            {"step":"calibration","plugin":"stock 1","transitions":1,"reason":"second"},
            {"slot":"a:b:in:0","value":"x","verb":"RULE","from":"INITIAL","to":"FP32","root":"a:b:in:0","pass":"user-rules","plugin":"detent.yaml","reason":""},
            {"slot":"a:b:out:1","value":"y","verb":"LEAD","from":"INITIAL","to":"ACTIVATED","root":"c:in:0","pass":"calibration","plugin":"stock 1","reason":"why"}
            ]
            """;

    private static RunJournal read(String journal) {
        return new JsonFile(Path.of("journal.json"), JsonParser.parseString(journal)).get(RunJournal::read);
    }

    @Test
    void whatIsReadIsWrittenAgainByteForByte() {
        RunJournal journal = read(JOURNAL);
        assertThat(journal.json()).isEqualTo(JOURNAL);
        assertThat(journal.steps().get(0).changes()).isEmpty();
        assertThat(journal.steps().get(1).changes()).hasSize(2);
    }

    @Test
    void aDamagedJournalIsAProblemInWords() {
        for (String damaged : new String[] {
            "{}", JOURNAL.replace("\"step\"", "\"stop\""), JOURNAL.replace("INITIAL", "NO STATE"), "[1]", "[{}]"
        }) {
            assertThatThrownBy(() -> read(damaged)).isInstanceOf(UserException.class);
        }
    }
}
