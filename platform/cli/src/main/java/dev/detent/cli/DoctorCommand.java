package dev.detent.cli;

import dev.detent.host.InstallationCheck;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "doctor", description = "Checks Java, ONNX Runtime and the plugins, and says what is wrong.")
final class DoctorCommand implements Callable<Integer> {

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        Console console = new Console();
        boolean sound = true;
        for (InstallationCheck.Finding f : InstallationCheck.examine(home.host())) {
            console.line((f.sound() ? "ok    " : "WRONG ") + f.what() + ": " + f.detail());
            sound &= f.sound();
        }
        return sound ? 0 : 1;
    }
}
