"""On what a run was trained: `machine.json` beside its metrics, for the report."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from mapgan.memory.plan import Plan


def machine_facts(accelerator: Accelerator, plan: Plan, precision: str) -> dict[str, Any]:
    """Device, processes, precision and how a step was divided: what decides the speed, and no clock time."""
    config, on_cpu = plan.cost.config, accelerator.device.type == "cpu"
    threads = {"threads": torch.get_num_threads()} if on_cpu else {}
    return {
        "device": device_name(accelerator.device),
        "processes": accelerator.num_processes,
        **threads,
        "precision": precision,
        "micro_batch": config.micro_batch,
        "checkpointing": config.checkpointing,
        "torch": torch.__version__,
    }


def device_name(device: torch.device) -> str:
    """What the maker calls it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else ""
    match = re.search(r"model name\s*: (.+)", text)
    return (match[1] if match else platform.processor() or platform.machine()).strip()
