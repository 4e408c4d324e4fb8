"""The names that a request may use, known without torch; tests keep them equal to the real."""

NETWORK_NAMES: tuple[str, ...] = (
    "zoo/resnet18",
    "zoo/resnet20",
    "zoo/resnet34",
    "zoo/shufflenet",
    "zoo/vgg19",
    "torchvision/mobilenet_v2",
    "torchvision/resnet101",
    "torchvision/resnet152",
    "torchvision/resnet18",
    "torchvision/resnet34",
    "torchvision/resnet50",
    "torchvision/resnext101_32x8d",
    "torchvision/resnext101_64x4d",
    "torchvision/resnext50_32x4d",
    "torchvision/shufflenet_v2_x0_5",
    "torchvision/shufflenet_v2_x1_0",
    "torchvision/shufflenet_v2_x1_5",
    "torchvision/shufflenet_v2_x2_0",
    "torchvision/vgg11",
    "torchvision/vgg11_bn",
    "torchvision/vgg13",
    "torchvision/vgg13_bn",
    "torchvision/vgg16",
    "torchvision/vgg16_bn",
    "torchvision/vgg19",
    "torchvision/vgg19_bn",
    "torchvision/wide_resnet101_2",
    "torchvision/wide_resnet50_2",
)
DATASET_NAMES: tuple[str, ...] = ("digits",)
STRATEGIES: tuple[str, ...] = ("embedding", "random")
OBJECTIVES: tuple[str, ...] = ("score", "accuracy")
