"""The smallest members of timm's families of convolutional networks by name.

timm is an optional extra: its networks have names without it, but can't be made.
"""

from __future__ import annotations

from types import ModuleType
from typing import cast

from torch import nn

from networks.errors import NetworkError

PREFIX = "timm/"
_NAMES = """
botnet26t_256 convformer_s18 convmixer_768_32 convnext_atto convnextv2_atto cs3darknet_s
cspdarknet53 cspnext_tiny cspresnet50 cspresnext50 darknet53 densenet121 dla46_c dpn48b
eca_resnet33ts ecaresnet26t edgenext_xx_small efficientformer_l1 efficientnet_lite0
efficientnetv2_rw_t ese_vovnet19b_slim_dw fasternet_t0 fastvit_t8 fbnetc_100
fbnetv3_b focalnet_tiny_srf gcresnext26ts gernet_s ghostnet_050 ghostnetv2_100 hardcorenas_a
hgnet_tiny hgnetv2_b0 hrnet_w18_small inception_next_atto inception_resnet_v2 inception_v4
lcnet_035 lcnetv2_small legacy_seresnet18 legacy_xception mambaout_femto mixnet_s mnasnet_small
mobilenet_edgetpu_v2_xs mobilenetv1_100 mobilenetv2_035 mobilenetv3_small_050
mobilenetv4_conv_small_035 mobileone_s0 nf_regnet_b0 poolformer_s12 rdnet_tiny regnetx_002
regnety_002 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m0_9 res2net50_14w_8s resnest14d
resnet10t resnet51q resnetblur18 resnetrs50 resnetv2_18 resnext26ts rexnet_100 selecsls42
semnasnet_075 seresnet18 skresnet18 spnasnet_100 starnet_s050 tinynet_e tresnet_m xception41
"""
TIMM_NAMES: tuple[str, ...] = tuple(f"{PREFIX}{name}" for name in _NAMES.split())


def timm_network(name: str, classes: int, channels: int) -> nn.Module:
    """A fresh network, without pretrained weights; `name` is one of `TIMM_NAMES`.

    Raises:
        NetworkError: If timm is not installed.
    """
    model = _timm().create_model(
        name.removeprefix(PREFIX), pretrained=False, num_classes=classes, in_chans=channels
    )
    return cast("nn.Module", model)


def timm_size(name: str) -> int:
    """The image size that the network is made for; those with a fixed size take no other.

    Raises:
        NetworkError: If timm is not installed.
    """
    config = _timm().get_pretrained_cfg(name.removeprefix(PREFIX))
    return int(config.input_size[-1])


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise NetworkError(
            "this network is timm's, which is not installed: install stillhouse[timm]"
        ) from error
    return timm
