package dev.detent.cli;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.evaluate.ThroughputBenchmark;
import dev.detent.host.job.QuantizeOutcome;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = "Quantizes the shipped text-direction classifier for ONNX Runtime and measures it.")
final class DemoCommand implements Callable<Integer> {

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the results")
    Path out = Path.of("detent-demo");

    @Option(names = "--backend", paramLabel = "ID", description = "target (default: ${DEFAULT-VALUE})")
    String backend = "onnxruntime";

    @Mixin
    InstallationOptions home;

    @Override
    public Integer call() {
        Console console = new Console();
        Path demo = InstallationOptions.folder().resolve("demo");
        Path model = demo.resolve("ch_ppocr_mobile_v2.0_cls_infer.onnx");
        if (!Files.isRegularFile(model)) {
            throw new UserException(
                    CliProblems.DEMO_INCOMPLETE,
                    "is missing; run the demo from an unpacked distribution",
                    model.toString());
        }
        int cores = Runtime.getRuntime().availableProcessors();
        Path evaluation = demo.resolve("evaluation");
        QuantizeRequest request = QuantizeRequest.of(model, List.of(backend), out)
                .calibration(demo.resolve("calibration").toString())
                .preprocessing(Preprocessing.parse("ocr"))
                .workers(cores)
                .evaluation(new EvaluationData.Source(evaluation.toString(), 0, evaluation.resolve("labels.csv")))
                .build();
        QuantizeOutcome o =
                home.detentAndEngine().quantize(request, console.progress()).outcome();
        o.problems().forEach(console::problem);
        console.line("PP-OCR text-direction classifier for " + backend + ": " + o.nodes()
                + " nodes quantized from " + o.samples() + " images, scored on "
                + Objects.requireNonNull(o.scores().get("float")).samples());
        EvaluateCommand.show(console, o.scores());
        o.runnable().ifPresent(file -> {
            console.line("size       " + QuantizeCommand.bytes(o.model().bytes()) + " -> "
                    + QuantizeCommand.bytes(Objects.requireNonNull(
                            o.files().sizes().get(file.getFileName().toString()))));
            ThroughputBenchmark speed =
                    ThroughputBenchmark.measure(model, file, evaluation.toString(), Preprocessing.parse("ocr"), cores);
            console.line(String.format(
                    Locale.ROOT,
                    "speed      %.0f -> %.0f images/s in ONNX Runtime (%.2fx)",
                    speed.before(),
                    speed.after(),
                    speed.after() / speed.before()));
            if (speed.after() < speed.before()) {
                console.line(
                        "           slower: this network gains size alone on this CPU; larger convolutions gain speed,");
                console.line("           most of all where there are integer dot products (VNNI, Arm)");
            }
        });
        console.line("result in  " + out.toAbsolutePath().normalize() + " (open report.html)");
        return 0;
    }
}
