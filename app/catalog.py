"""The names that a request may use, known without torch; tests keep them equal to the real."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

_NETWORKS = {
    "zoo": "resnet18 resnet20 resnet34 shufflenet vgg19",
    "torchvision": """
        alexnet convnext_base convnext_large convnext_small convnext_tiny densenet121 densenet161
        densenet169 densenet201 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3
        efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 efficientnet_v2_l
        efficientnet_v2_m efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5 mnasnet0_75
        mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_16gf
        regnet_x_1_6gf regnet_x_32gf regnet_x_3_2gf regnet_x_400mf regnet_x_800mf regnet_x_8gf
        regnet_y_128gf regnet_y_16gf regnet_y_1_6gf regnet_y_32gf regnet_y_3_2gf regnet_y_400mf
        regnet_y_800mf regnet_y_8gf resnet101 resnet152 resnet18 resnet34 resnet50 resnext101_32x8d
        resnext101_64x4d resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5
        shufflenet_v2_x2_0 squeezenet1_0 squeezenet1_1 swin_b swin_s swin_t swin_v2_b swin_v2_s
        swin_v2_t vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn vit_b_16 vit_b_32
        vit_h_14 vit_l_16 vit_l_32 wide_resnet101_2 wide_resnet50_2
    """,
    "timm": """
        botnet26t_256 convformer_s18 convmixer_768_32 convnext_atto convnextv2_atto cs3darknet_s
        cspdarknet53 cspnext_tiny cspresnet50 cspresnext50 darknet53 densenet121 dla46_c dpn48b
        eca_resnet33ts ecaresnet26t edgenext_xx_small efficientformer_l1 efficientnet_lite0
        efficientnetv2_rw_t ese_vovnet19b_slim_dw fasternet_t0 fastvit_t8
        fbnetc_100 fbnetv3_b focalnet_tiny_srf gcresnext26ts gernet_s ghostnet_050 ghostnetv2_100
        hardcorenas_a hgnet_tiny hgnetv2_b0 hrnet_w18_small inception_next_atto inception_resnet_v2
        inception_v4 lcnet_035 lcnetv2_small legacy_seresnet18 legacy_xception mambaout_femto
        mixnet_s mnasnet_small mobilenet_edgetpu_v2_xs mobilenetv1_100 mobilenetv2_035
        mobilenetv3_small_050 mobilenetv4_conv_small_035 mobileone_s0 nf_regnet_b0 poolformer_s12
        rdnet_tiny regnetx_002 regnety_002 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m0_9
        res2net50_14w_8s resnest14d resnet10t resnet51q resnetblur18 resnetrs50 resnetv2_18
        resnext26ts rexnet_100 selecsls42 semnasnet_075 seresnet18 skresnet18 spnasnet_100
        starnet_s050 tinynet_e tresnet_m xception41
    """,
}
NETWORK_NAMES: tuple[str, ...] = tuple(
    f"{source}/{name}" for source, names in _NETWORKS.items() for name in names.split()
)
DATASET_CLASSES = {
    "digits": 10,
    "torchvision/cifar10": 10,
    "torchvision/cifar100": 100,
    "torchvision/fashionmnist": 10,
    "torchvision/svhn": 10,
}
DATASET_NAMES: tuple[str, ...] = tuple(DATASET_CLASSES)
FOLDER_PREFIX = "folder/"  # of the name of an operator's own folder of images
_FOLDER = re.compile(FOLDER_PREFIX + r"[A-Za-z0-9_][A-Za-z0-9._-]*")
STRATEGIES: tuple[str, ...] = ("embedding", "random", "adapruner")
OBJECTIVES: tuple[str, ...] = ("score", "accuracy", "pareto")
_MOST_MEANT = 3
_LONGEST_NAME = 200  # of an unknown one: comparing takes time by the square of it


def is_dataset_name(name: str) -> bool:
    """Returns whether a dataset may have this name; only coordinators know which are there."""
    return name in DATASET_NAMES or _FOLDER.fullmatch(name) is not None


def unknown_dataset(name: str) -> str:
    """Returns what is told of a dataset's name that there is not."""
    known = ", ".join(DATASET_NAMES)
    return (
        f"there is no dataset {name[:_LONGEST_NAME]!r}; there are {known}, and {FOLDER_PREFIX}NAME"
        " of those that the operator has put there; docs/datasets.md tells more"
    )


def unknown_network(name: str) -> str:
    """Returns what is told of a network's name that there is not: those that may be meant."""
    name = name[:_LONGEST_NAME]
    meant = ", ".join(list(_meant(name))[:_MOST_MEANT])
    asked = f"; did you mean {meant}?" if meant else ";"
    return f"there is no network {name!r}{asked} docs/teachers.md lists all names"


def _meant(name: str) -> Iterator[str]:
    """Yields the closest names, whatever their source: `zoo/resnet50` is torchvision's."""
    own = {each: each.rpartition("/")[2] for each in NETWORK_NAMES}
    close = get_close_matches(name.lower().rpartition("/")[2], own.values(), _MOST_MEANT)
    for near in dict.fromkeys(close):
        yield from (each for each in NETWORK_NAMES if own[each] == near)
