"""From any `nn.Module` to an architecture, through `torch.export`."""
