package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Real networks beside the clone ({@code ../shared}): the exported file, run by ONNX Runtime with all its fusions, may
 * not fall below the best untuned rival of shared/reference/baseline.md in output SNR. TensorRT has no unsigned type,
 * so behind ReLU it lacks a bit that the rivals' uint8 figures have; its floors are PPQ's TensorRT rows.
 */
@Tag("slow")
class RealModelsIT {

    @TempDir
    static Path work;

    @ParameterizedTest
    @CsvSource({
        "mobilenetv2,onnxruntime,16.7",
        "squeezenet1.1,onnxruntime,32.7",
        "mobilenetv1_0.75,onnxruntime,15.8",
        "resnet20_cifar10,onnxruntime,30.0",
        "resnet56_cifar10,onnxruntime,27.7",
        "resnet50v2_s3_cifar10,onnxruntime,16.9",
        "mobilenetv2,tensorrt,16.7",
        "squeezenet1.1,tensorrt,25.6",
        "mobilenetv1_0.75,tensorrt,14.7",
        "resnet20_cifar10,tensorrt,20.0",
        "resnet56_cifar10,tensorrt,16.7",
        "resnet50v2_s3_cifar10,tensorrt,16.9"
    })
    void noWorseThanTheBestUntunedRival(String model, String backend, double floor) {
        Path shared = Path.of(System.getProperty("detent.root")).resolve("../shared");
        assumeTrue(Files.isDirectory(shared.resolve("models")), "no models beside the clone");
        boolean imagenet = !model.contains("cifar");
        Path data = shared.resolve(
                imagenet ? "data/imagenet" : model.contains("resnet50") ? "data/cifar10_128" : "data/cifar10");
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                shared.resolve("models/" + model + ".onnx"),
                "--backend",
                backend,
                "--samples",
                256,
                "--preset",
                !imagenet ? "cifar10" : model.startsWith("mobilenetv1") ? "symmetric" : "imagenet",
                "--calibration",
                data.resolve(imagenet ? "calib" : "calib_u8.npy"),
                "--evaluate",
                data.resolve(imagenet ? "eval" : "eval_u8.npy"),
                "--labels",
                data.resolve(imagenet ? "eval/labels.csv" : "eval_labels.npy"),
                "--out",
                work.resolve(model + backend));
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(Double.parseDouble(run.exported()[5])).as(run.out()).isGreaterThanOrEqualTo(floor);
    }
}
