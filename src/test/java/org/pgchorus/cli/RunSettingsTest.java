package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.DaemonSetting;
import org.pgchorus.config.DaemonSettings;
import org.pgchorus.config.GroupSetting;
import org.pgchorus.config.SettingsFile;
import org.pgchorus.http.Tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the lists of settings name can be typed, and is in the help; wrong files are refused. */
class RunSettingsTest {
    @Test
    void everyFlagIsOneOfRun() {
        String help = Typed.of("run", "--help").out();
        for (DaemonSetting setting : DaemonSetting.values()) {
            assertThat(help).contains(setting.flag().orElse("NAME=ADDRESS"));
        }
        String group = Typed.of("group", "set", "--help").out();
        for (GroupSetting setting : GroupSetting.values()) {
            assertThat(group).contains(setting.key());
        }
    }

    @Test
    void theFileNamesWhatHttpsNeeds() {
        String file =
                """
                http_tls_cert: cert.pem
                http_tls_key: key.pem
                http_tls_client_ca: roots.pem
                """;
        DaemonSettings settings =
                DaemonSettings.of(Map.of(), Map.of(), Optional.of(SettingsFile.parse(file)));
        assertThat(HttpOption.tls(settings))
                .contains(
                        new Tls(
                                Path.of("cert.pem"),
                                Path.of("key.pem"),
                                Optional.of(Path.of("roots.pem"))));
        for (String command : List.of("run", "demo")) {
            Typed half = Typed.of(command, "--http-tls-key", "key.pem");
            assertThat(half.status()).as(half.err()).isEqualTo(Exit.WRONG_USE);
            assertThat(half.err()).contains("--http-tls-cert", "belong together");
        }
    }

    @Test
    void aWrongFileIsRefusedWithAllThatIsWrong(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("pgchorus.yaml");
        Files.writeString(file, "htpp: x\nlog_level: loud\n");
        for (List<String> words :
                List.of(
                        List.of("run", "--config", file.toString()),
                        List.of("run", "n1=postgresql://h/d", "--config", file.toString()))) {
            Typed typed = Typed.of(words.toArray(String[]::new));
            assertThat(typed.status()).isEqualTo(Exit.WRONG_USE);
            assertThat(typed.err()).contains("did you mean \"http\"?", "log_level: \"loud\"");
        }
        assertThat(Typed.of("run", "--config", directory.resolve("none").toString()).err())
                .contains("cannot read the settings in");
    }
}
