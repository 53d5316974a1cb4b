"""Published recipes as command lines: none of them may be called a mistake.

Each has the length, the unit and the rates of its source; steps per epoch follow from the data set and the batch size
given there. Where a paper counts tokens or samples, the steps are those divided by the batch.
"""

import pytest

from lrcli import spec
from lrcli.checks import NOTE, findings
from lrcli.run import Run

RECIPES = {
    # Images, step decay
    "ResNet, ImageNet": (
        "step --step-size 30",
        "--lr 0.1 --epochs 90",
        "torchvision references/classification; pytorch/examples imagenet",
    ),
    "ResNeXt-50": (
        "step --step-size 30",
        "--lr 0.1 --epochs 100",
        "torchvision references/classification README",
    ),
    "MobileNetV2": (
        "step --step-size 1 --gamma 0.98",
        "--lr 0.045 --epochs 300",
        "torchvision references/classification README",
    ),
    "MobileNetV3": (
        "step --step-size 2 --gamma 0.973",
        "--lr 0.064 --epochs 600",
        "torchvision references/classification README",
    ),
    "Inception v3": (
        "step --step-size 2 --gamma 0.94",
        "--lr 0.045 --epochs 100",
        "arXiv 1512.00567, section 8",
    ),
    "ResNet, CIFAR-10": (
        "multistep --milestones 32000,48000",
        "--lr 0.1 --ticks 64000 --interval step",
        "He et al., arXiv 1512.03385, section 4.2",
    ),
    "Wide ResNet": (
        "multistep --milestones 60,120,160 --gamma 0.2",
        "--lr 0.1 --epochs 200",
        "arXiv 1605.07146, section 3",
    ),
    "DenseNet, CIFAR": (
        "multistep --milestones 150,225",
        "--lr 0.1 --epochs 300",
        "arXiv 1608.06993, section 4.2",
    ),
    "DenseNet, ImageNet": (
        "multistep --milestones 30,60",
        "--lr 0.1 --epochs 90",
        "arXiv 1608.06993, section 4.2",
    ),
    "pytorch-cifar100": (
        "multistep --milestones 60,120,160 --gamma 0.2",
        "--lr 0.1 --epochs 200",
        "weiaicunzai/pytorch-cifar100 conf/global_settings.py",
    ),
    "MNIST example": (
        "step --step-size 1 --gamma 0.7",
        "--lr 1.0 --epochs 14",
        "pytorch/examples mnist",
    ),
    "transfer learning tutorial": (
        "step --step-size 7",
        "--lr 0.001 --epochs 25",
        "PyTorch tutorials, transfer learning",
    ),
    "EfficientNet-B2 in timm": (
        "timm-step --decay-t 2.4 --decay-rate 0.97 --warmup-t 3 --warmup-lr-init 1e-6 --no-warmup-prefix",
        "--lr 0.016 --epochs 450",
        "timm training scripts, EfficientNet-B2",
    ),
    "MoCo v1": (
        "multistep --milestones 120,160",
        "--lr 0.03 --epochs 200",
        "facebookresearch/moco main_moco.py",
    ),
    "MoCo linear probe": (
        "multistep --milestones 60,80",
        "--lr 30 --epochs 100",
        "facebookresearch/moco main_lincls.py",
    ),
    "PointNet++": (
        "step --step-size 20 --gamma 0.7",
        "--lr 0.001 --epochs 200",
        "yanx27/Pointnet_Pointnet2_pytorch",
    ),
    # Images, cosine
    "ResNet-50 v2": (
        "cosine --t-max 595",
        "--lr 0.5 --epochs 600 --warmup 5 --warmup-start-factor 0.01",
        "torchvision references/classification README, new recipe",
    ),
    "ConvNeXt in torchvision": (
        "cosine --t-max 595",
        "--lr 0.001 --epochs 600 --warmup 5 --warmup-start-factor 0.01",
        "torchvision references/classification README",
    ),
    "ViT-B/16 in torchvision": (
        "cosine --t-max 270",
        "--lr 0.003 --epochs 300 --warmup 30 --warmup-start-factor 0.033",
        "torchvision references/classification README",
    ),
    "Swin-T in torchvision": (
        "cosine --t-max 280 --eta-min 1e-5",
        "--lr 0.001 --epochs 300 --warmup 20 --warmup-start-factor 0.01",
        "torchvision references/classification README",
    ),
    "pytorch-cifar": (
        "cosine --t-max 200",
        "--lr 0.1 --epochs 200",
        "kuangliu/pytorch-cifar main.py",
    ),
    "MoCo v2": (
        "cosine --t-max 200",
        "--lr 0.03 --epochs 200",
        "facebookresearch/moco main_moco.py --cos",
    ),
    "SSDlite320": (
        "cosine --t-max 660",
        "--lr 0.15 --epochs 660",
        "torchvision references/detection README",
    ),
    "DeiT": (
        "timm-cosine --t-initial 300 --lr-min 1e-5 --warmup-t 5 --warmup-lr-init 1e-6",
        "--lr 1e-3 --epochs 300",
        "facebookresearch/deit main.py, batch 1024",
    ),
    "DeiT with cooldown": (
        "timm-cosine --t-initial 300 --lr-min 1e-5 --warmup-t 5 --warmup-lr-init 1e-6",
        "--lr 1e-3 --epochs 310",
        "facebookresearch/deit arguments in timm's train.py, which adds cooldown-epochs",
    ),
    "ResNet strikes back A1": (
        "timm-cosine --t-initial 600 --lr-min 1e-6 --warmup-t 5 --warmup-lr-init 1e-4",
        "--lr 5e-3 --epochs 600",
        "arXiv 2110.00476, table 2",
    ),
    "Swin-T": (
        "timm-cosine --t-initial 350280 --lr-min 1e-5 --warmup-t 25020 --warmup-lr-init 1e-6 --warmup-prefix",
        "--lr 1e-3 --epochs 300 --steps-per-epoch 1251 --interval step",
        "microsoft/Swin-Transformer config.py and lr_scheduler.py, WARMUP_PREFIX, batch 1024",
    ),
    "ConvNeXt": (
        "hf-cosine-with-min-lr --num-warmup-steps 6240 --num-training-steps 93600 --min-lr 1e-6",
        "--lr 4e-3 --epochs 300 --steps-per-epoch 312 --interval step",
        "facebookresearch/ConvNeXt TRAINING.md, batch 4096",
    ),
    "ViT, ImageNet-21k": (
        "hf-linear --num-warmup-steps 10000 --num-training-steps 311580",
        "--lr 1e-3 --epochs 90 --steps-per-epoch 3462 --interval step",
        "arXiv 2010.11929, table 3, batch 4096",
    ),
    "ViT, fine-tuning": (
        "cosine --t-max 20000",
        "--lr 0.03 --ticks 20000 --interval step",
        "arXiv 2010.11929, table 4",
    ),
    "SGDR": (
        "cosine-restarts --t-0 10 --t-mult 2",
        "--lr 0.05 --epochs 150",
        "arXiv 1608.03983, section 4.1",
    ),
    "Snapshot ensembles": (
        "cosine-restarts --t-0 50",
        "--lr 0.1 --epochs 300",
        "arXiv 1704.00109, section 4.1, six cycles",
    ),
    # One cycle, cyclic, averaging
    "94 % on CIFAR-10": (
        "onecycle --max-lr 0.1 --total-steps 5280",
        "--lr 0.05 --epochs 30 --steps-per-epoch 176 --interval step",
        "Lightning tutorial, CIFAR-10 ResNet18, batch 256",
    ),
    "fast.ai, ten epochs": (
        "onecycle --max-lr 0.003 --total-steps 1480 --pct-start 0.25 --final-div-factor 4000",
        "--lr 0.003 --epochs 10 --steps-per-epoch 148 --interval step",
        "torch's OneCycleLR with what fastai's fit_one_cycle has (pct_start, div, div_final); imagenette, batch 64",
    ),
    "cyclical rates": (
        "cyclic --base-lr 0.001 --max-lr 0.006 --mode triangular2",
        "--lr 0.001 --ticks 70000 --interval step",
        "arXiv 1506.01186, section 4.1",
    ),
    "SWA": (
        "sequential 'cosine --t-max 300' 'swa --swa-lr 0.05' --milestones 160",
        "--lr 0.1 --epochs 300",
        "torch.optim documentation, stochastic weight averaging",
    ),
    # Detection, segmentation
    "Mask R-CNN in torchvision": (
        "multistep --milestones 16,22",
        "--lr 0.02 --epochs 26",
        "torchvision references/detection README",
    ),
    "Keypoint R-CNN": (
        "multistep --milestones 36,43",
        "--lr 0.02 --epochs 46",
        "torchvision references/detection README",
    ),
    "SSD300": (
        "multistep --milestones 80,110",
        "--lr 0.002 --epochs 120",
        "torchvision references/detection README",
    ),
    "Mask R-CNN 1x": (
        "multistep --milestones 59000,79000",
        "--lr 0.02 --warmup 1000 --warmup-start-factor 0.001 --ticks 90000 --interval step",
        "detectron2 configs/Base-RCNN-FPN.yaml",
    ),
    "Mask R-CNN 3x": (
        "multistep --milestones 209000,249000",
        "--lr 0.02 --warmup 1000 --warmup-start-factor 0.001 --ticks 270000 --interval step",
        "detectron2 configs, schedule 3x",
    ),
    "mmdetection 1x": (
        "multistep --milestones 8,11",
        "--lr 0.02 --epochs 12",
        "mmdetection configs/_base_/schedules/schedule_1x.py",
    ),
    "DETR": (
        "step --step-size 200",
        "--lr 1e-4,1e-5 --epochs 300",
        "facebookresearch/detr main.py",
    ),
    "Deformable DETR": (
        "step --step-size 40",
        "--lr 2e-4,2e-5 --epochs 50",
        "fundamentalvision/Deformable-DETR main.py",
    ),
    "YOLOv5": (
        "lambda --expr '(1 - t / 300) * (1.0 - 0.01) + 0.01'",
        "--lr 0.01 --epochs 300",
        "ultralytics/yolov5 train.py, hyp.scratch-low.yaml",
    ),
    "FCN in torchvision": (
        "polynomial --total-iters 86730 --power 0.9",
        "--lr 0.02 --epochs 30 --steps-per-epoch 2891 --interval step",
        "torchvision references/segmentation train.py, 8 GPUs",
    ),
    "nnU-Net": (
        "polynomial --total-iters 1000 --power 0.9",
        "--lr 0.01 --epochs 1000",
        "MIC-DKFZ/nnUNet PolyLRScheduler",
    ),
    # Self-supervised, vision and language
    "MAE": (
        "hf-cosine --num-warmup-steps 12480 --num-training-steps 249600",
        "--lr 2.4e-3 --epochs 800 --steps-per-epoch 312 --interval step",
        "facebookresearch/mae PRETRAIN.md, batch 4096",
    ),
    "DINO": (
        "hf-cosine-with-min-lr --num-warmup-steps 25020 --num-training-steps 250200 --min-lr 1e-6",
        "--lr 1e-3 --epochs 100 --steps-per-epoch 2502 --interval step",
        "facebookresearch/dino main_dino.py, batch 512",
    ),
    "SimCLR": (
        "hf-cosine --num-warmup-steps 3120 --num-training-steps 31200",
        "--lr 4.8 --epochs 100 --steps-per-epoch 312 --interval step",
        "arXiv 2002.05709, section 2.2, batch 4096",
    ),
    "BYOL": (
        "hf-cosine --num-warmup-steps 3120 --num-training-steps 312000",
        "--lr 3.2 --epochs 1000 --steps-per-epoch 312 --interval step",
        "arXiv 2006.07733, section 3.3, batch 4096",
    ),
    "CLIP ViT-B/32": (
        "hf-cosine --num-warmup-steps 2000 --num-training-steps 390624",
        "--lr 5e-4 --epochs 32 --steps-per-epoch 12207 --interval step",
        "arXiv 2103.00020, appendix F, batch 32768",
    ),
    "Stable Diffusion v1-1": (
        "hf-constant-with-warmup --num-warmup-steps 10000",
        "--lr 1e-4 --ticks 237000 --interval step",
        "CompVis/stable-diffusion model card",
    ),
    "CycleGAN": (
        "lambda --expr '1.0 - max(0, t + 1 - 100) / 101'",
        "--lr 2e-4 --epochs 200",
        "junyanz/pytorch-CycleGAN-and-pix2pix models/networks.py",
    ),
    "NeRF": (
        "lambda --expr '0.1 ** (t / 250000)'",
        "--lr 5e-4 --ticks 200000 --interval step",
        "bmild/nerf run_nerf.py, lrate_decay 250",
    ),
    # Language models
    "Transformer, base": (
        "noam --d-model 512 --warmup-steps 4000",
        "--steps 100000",
        "arXiv 1706.03762, section 5.3",
    ),
    "Transformer, IWSLT": (
        "hf-inverse-sqrt --num-warmup-steps 4000",
        "--lr 5e-4 --ticks 50000 --interval step",
        "fairseq examples/translation README",
    ),
    "BERT": (
        "hf-linear --num-warmup-steps 10000 --num-training-steps 1000000",
        "--lr 1e-4 --epochs 40 --steps-per-epoch 25000 --interval step",
        "arXiv 1810.04805, appendix A.2",
    ),
    "RoBERTa": (
        "hf-polynomial --num-warmup-steps 24000 --num-training-steps 500000 --lr-end 0",
        "--lr 6e-4 --ticks 500000 --interval step",
        "arXiv 1907.11692, table 9, base",
    ),
    "T5": (
        "lambda --expr '1 / sqrt(max(t, 10000))'",
        "--lr 1.0 --ticks 524288 --interval step",
        "arXiv 1910.10683, section 3.1.2",
    ),
    "GPT-3": (
        "nanogpt --warmup-iters 117 --lr-decay-iters 81250 --min-lr 6e-6",
        "--lr 6e-5 --ticks 93750 --interval step",
        "arXiv 2005.14165, appendix B: constant for the last 40 of 300 billion tokens",
    ),
    "BLOOM": (
        "nanogpt --warmup-iters 89 --lr-decay-iters 97750 --min-lr 6e-6",
        "--lr 6e-5 --ticks 87260 --interval step",
        "arXiv 2211.05100, table 3: decay over 410 billion tokens, training over 366",
    ),
    "nanoGPT, GPT-2": (
        "nanogpt --warmup-iters 2000 --lr-decay-iters 600000 --min-lr 6e-5",
        "--lr 6e-4 --ticks 600000 --interval step",
        "karpathy/nanoGPT train.py",
    ),
    "nanoGPT, Shakespeare": (
        "nanogpt --warmup-iters 100 --lr-decay-iters 5000 --min-lr 1e-4",
        "--lr 1e-3 --ticks 5000 --interval step",
        "karpathy/nanoGPT config/train_shakespeare_char.py",
    ),
    "build-nanogpt": (
        "nanogpt --warmup-iters 715 --lr-decay-iters 19073 --min-lr 6e-5",
        "--lr 6e-4 --ticks 19073 --interval step",
        "karpathy/build-nanogpt train_gpt2.py",
    ),
    "Llama 7B": (
        "hf-cosine-with-min-lr --num-warmup-steps 2000 --num-training-steps 250000 --min-lr-rate 0.1",
        "--lr 3e-4 --ticks 250000 --interval step",
        "arXiv 2302.13971, section 2.3",
    ),
    "Llama 2 7B": (
        "hf-cosine-with-min-lr --num-warmup-steps 2000 --num-training-steps 500000 --min-lr-rate 0.1",
        "--lr 3e-4 --ticks 500000 --interval step",
        "arXiv 2307.09288, section 2.2",
    ),
    "OLMo 7B": (
        "hf-polynomial --num-warmup-steps 5000 --num-training-steps 556000 --lr-end 3e-5",
        "--lr 3e-4 --ticks 556000 --interval step",
        "arXiv 2402.00838, section 3.2",
    ),
    "Pythia 160M": (
        "nanogpt --warmup-iters 1430 --lr-decay-iters 143000 --min-lr 6e-5",
        "--lr 6e-4 --ticks 143000 --interval step",
        "EleutherAI/pythia models/160M/pythia-160m.yml",
    ),
    "MiniCPM": (
        "wsd --warmup-steps 2000 --stable-steps 257000 --decay-steps 5000 --decay-type exp --min-lr-ratio 0.1",
        "--lr 0.01 --ticks 264000 --interval step",
        "arXiv 2404.06395, sections 4.2 and 6.2",
    ),
    "DeepSeek 7B": (
        "multistep --milestones 167600,188800 --gamma 0.316",
        "--lr 4.2e-4 --warmup 2000 --warmup-start-factor 0.0005 --ticks 212000 --interval step",
        "arXiv 2401.02954, section 2.3",
    ),
    "modded-nanogpt": (
        "wsd --warmup-steps 0 --stable-steps 3650 --decay-steps 1450",
        "--lr 3.6e-3 --ticks 5100 --interval step",
        "KellerJordan/modded-nanogpt train_gpt2.py, October 2024",
    ),
    "BERT fine-tuning": (
        "hf-linear --num-warmup-steps 35 --num-training-steps 345",
        "--lr 2e-5 --epochs 3 --steps-per-epoch 115 --interval step",
        "arXiv 1810.04805, section 4.1; MRPC, batch 32, warmup 0.1",
    ),
    "Alpaca": (
        "hf-cosine --num-warmup-steps 37 --num-training-steps 1218",
        "--lr 2e-5 --epochs 3 --steps-per-epoch 406 --interval step",
        "tatsu-lab/stanford_alpaca README, batch 128, warmup 0.03",
    ),
    "LoRA, GPT-2": (
        "hf-linear --num-warmup-steps 500 --num-training-steps 26290",
        "--lr 2e-4 --epochs 5 --steps-per-epoch 5258 --interval step",
        "arXiv 2106.09685, table 11; E2E, batch 8",
    ),
    # Speech, biology
    "wav2vec 2.0": (
        "hf-polynomial --num-warmup-steps 32000 --num-training-steps 400000 --lr-end 0",
        "--lr 5e-4 --ticks 400000 --interval step",
        "fairseq examples/wav2vec/config/pretraining",
    ),
    "wav2vec 2.0, 100 hours": (
        "tri-stage --warmup-steps 8000 --hold-steps 32000 --decay-steps 40000 --final-lr-scale 0.05",
        "--lr 3e-5 --ticks 80000 --interval step",
        "fairseq examples/wav2vec/config/finetuning/base_100h.yaml",
    ),
    "HuBERT, 10 hours": (
        "tri-stage --warmup-steps 8000 --hold-steps 0 --decay-steps 72000 --final-lr-scale 0.05",
        "--lr 2e-5 --ticks 25000 --interval step",
        "fairseq examples/hubert/config/finetune/base_10h.yaml: the decay outlasts max_update",
    ),
    "HuBERT": (
        "hf-polynomial --num-warmup-steps 32000 --num-training-steps 400000 --lr-end 0",
        "--lr 5e-4 --ticks 400000 --interval step",
        "fairseq examples/hubert/config/pretrain/hubert_base_librispeech.yaml",
    ),
    "Whisper": (
        "hf-linear --num-warmup-steps 2048 --num-training-steps 1048576",
        "--lr 1e-3 --ticks 1048576 --interval step",
        "arXiv 2212.04356, table 17",
    ),
    "HiFi-GAN": (
        "exponential --gamma 0.999",
        "--lr 2e-4 --epochs 3100",
        "jik876/hifi-gan config_v1.json",
    ),
    "VITS": (
        "exponential --gamma 0.999875",
        "--lr 2e-4 --epochs 20000",
        "jaywalnut310/vits configs/ljs_base.json",
    ),
    "ESM-1b": (
        "hf-inverse-sqrt --num-warmup-steps 16000",
        "--lr 1e-4 --ticks 500000 --interval step",
        "Rives et al. 2021, PNAS, supplement",
    ),
    "ESM-2": (
        "hf-polynomial --num-warmup-steps 2000 --num-training-steps 450000 --lr-end 4e-5",
        "--lr 4e-4 --ticks 500000 --interval step",
        "Lin et al. 2023, Science, supplement: linear to a tenth over 90 % of the training",
    ),
    "AlphaFold": (
        "multistep --milestones 49000 --gamma 0.95",
        "--lr 1e-3 --warmup 1000 --warmup-start-factor 0.001 --ticks 78125 --interval step",
        "Jumper et al. 2021, supplement 1.11.3, batch 128",
    ),
    # Warmups and schedules as other trainers have them
    "ImageNet in 1 hour": (
        "multistep --milestones 25,55,75",
        "--lr 3.2 --warmup 5 --warmup-start-factor 0.03125 --epochs 90",
        "arXiv 1706.02677, section 5.1: drops at epochs 30, 60 and 80, the warmup included",
    ),
    "SwAV": (
        "cosine --t-max 246480 --eta-min 0.0048",
        "--lr 4.8 --warmup 3120 --warmup-style linspace --warmup-start-factor 0.0625 --interval step "
        "--epochs 800 --steps-per-epoch 312",
        "facebookresearch/swav scripts/swav_800ep_pretrain.sh: base_lr 4.8, final_lr 0.0048, start_warmup 0.3",
    ),
    "YOLOX": (
        "sequential 'ramp --style quadratic --total-iters 9240' 'cosine --t-max 517440 --eta-min 0.0005' "
        "'constant --factor 0.05 --total-iters 99999' --milestones 9240,526680",
        "--lr 0.01 --epochs 300 --steps-per-epoch 1848 --interval step",
        "Megvii-BaseDetection/YOLOX yolox_base.py: yoloxwarmcos, warmup 5, no_aug 15, min_lr_ratio 0.05; batch 64",
    ),
    "llm.c, GPT-2 124M": (
        "cosine --t-max 18165",
        "--lr 6e-4 --warmup 700 --warmup-style plus-one --ticks 18865 --interval step",
        "karpathy/llm.c scripts/run_gpt2_124M.sh: -l 0.0006 -q 0.0 -u 700",
    ),
    "nanochat": (
        "wsd --warmup-steps 0 --stable-steps 17120 --decay-steps 4280",
        "--lr 0.02 --ticks 21400 --interval step",
        "karpathy/nanochat scripts/base_train.py: warmup_ratio 0.0, warmdown_ratio 0.2, final_lr_frac 0.0; depth 20",
    ),
    "Decision Transformer": (
        "ramp --style plus-one --total-iters 10000",
        "--lr 1e-4 --ticks 100000 --interval step",
        "kzl/decision-transformer gym/experiment.py: min((steps + 1) / warmup_steps, 1)",
    ),
    "CIFAR-10 on DAWNBench": (
        "points --milestones 490,2352 --values 0,0.4,0",
        "--epochs 24 --steps-per-epoch 98 --interval step",
        "davidcpage/cifar10-fast: PiecewiseLinear([0, 5, 24], [0, 0.4, 0]), batch 512",
    ),
    "imagewoof, Ranger": (
        "fastai-flat-cos --n-epoch 5 --n-iter 141",
        "--lr 8e-3 --epochs 5 --steps-per-epoch 141 --interval step",
        "fastai leaderboard of imagewoof, 5 epochs: fit_flat_cos(5, 8e-3), batch 64",
    ),
    "fit_one_cycle, imagenette": (
        "fastai-one-cycle --n-epoch 10 --n-iter 147",
        "--lr 3e-3 --epochs 10 --steps-per-epoch 147 --interval step",
        "fastai documentation, fit_one_cycle with its defaults; imagenette, batch 64",
    ),
    "ultralytics, COCO": (
        "ultralytics --num-epochs 100 --nb 7393",
        "--lr 0.01 --epochs 100 --steps-per-epoch 7393 --interval step",
        "ultralytics cfg/default.yaml with optimizer SGD; COCO, batch 16",
    ),
    "GPT-3 in Megatron-LM": (
        "megatron --lr-decay-style cosine --lr-decay-iters 430000 --lr-warmup-fraction 0.001 --min-lr 6e-6 "
        "--global-batch-size 1536",
        "--lr 6e-5 --ticks 500000 --interval step",
        "NVIDIA/Megatron-LM examples/gpt3/train_gpt3_175b_distributed.sh",
    ),
    "GPT-NeoX-20B": (
        "megatron --lr-decay-style cosine --lr-decay-iters 150000 --lr-warmup-fraction 0.01 --min-lr 9.7e-6",
        "--lr 9.7e-5 --ticks 150000 --interval step",
        "EleutherAI/gpt-neox configs/20B.yml: warmup 0.01, lr-decay-iters 150000",
    ),
    "WarmupDecayLR": (
        "ds-warmup-decay --total-num-steps 100000 --warmup-num-steps 1000 --warmup-max-lr 2e-5",
        "--lr 2e-5 --ticks 100000 --interval step",
        "ds_config.json of a fine-tuning with DeepSpeed ZeRO 3, as many repositories have it",
    ),
    "ResNet, CIFAR-10, Keras": (
        "keras-piecewise-constant-decay --boundaries 32000,48000 --values 0.1,0.01,0.001",
        "--lr 0.1 --ticks 64000 --interval step",
        "He et al., arXiv 1512.03385, section 4.2, with tf.keras PiecewiseConstantDecay",
    ),
    "BART, CNN/DailyMail": (
        "fairseq-polynomial --total-num-update 20000 --warmup-updates 500",
        "--lr 3e-5 --ticks 20000 --interval step",
        "fairseq examples/bart/README.summarization.md",
    ),
    "RoBERTa, RTE": (
        "fairseq-polynomial --total-num-update 2036 --warmup-updates 122",
        "--lr 2e-5 --ticks 2036 --interval step",
        "fairseq examples/roberta/README.glue.md",
    ),
    "Conformer in NeMo": (
        "noam --d-model 512 --warmup-steps 10000 --factor 2",
        "--steps 200000",
        "NVIDIA/NeMo examples/asr/conf/conformer: NoamAnnealing, lr 2.0",
    ),
    # More of images
    "Mask2Former": (
        "multistep --milestones 327778,355092",
        "--lr 1e-4 --ticks 368750 --interval step",
        "facebookresearch/Mask2Former configs/coco; mmdetection configs/mask2former",
    ),
    "SegFormer": (
        "polynomial --total-iters 158500",
        "--lr 6e-5 --warmup 1500 --warmup-start-factor 1e-6 --ticks 160000 --interval step",
        "NVlabs/SegFormer local_configs: poly, power 1.0, warmup_iters 1500, warmup_ratio 1e-6",
    ),
    "Segment Anything": (
        "multistep --milestones 59750,86416",
        "--lr 8e-4 --warmup 250 --warmup-start-factor 0.001 --ticks 90000 --interval step",
        "arXiv 2304.02643, appendix A: 250 iterations of warmup, drops at 60k and 86666 of 90k",
    ),
    "SwinIR": (
        "multistep --milestones 250000,400000,450000,475000 --gamma 0.5",
        "--lr 2e-4 --ticks 500000 --interval step",
        "arXiv 2108.10257, section 4.1; JingyunLiang/SwinIR options",
    ),
    "EDSR": (
        "step --step-size 200000 --gamma 0.5",
        "--lr 1e-4 --ticks 300000 --interval step",
        "arXiv 1707.02921, section 4.2",
    ),
    "MoCo v3, ResNet-50": (
        "hf-cosine --num-warmup-steps 3120 --num-training-steps 31200",
        "--lr 9.6 --epochs 100 --steps-per-epoch 312 --interval step",
        "facebookresearch/moco-v3 CONFIG.md: lr 0.6 of 256, batch 4096, 10 epochs of warmup",
    ),
    "Barlow Twins": (
        "hf-cosine-with-min-lr --num-warmup-steps 6250 --num-training-steps 625000 --min-lr-rate 0.001",
        "--lr 1.6 --epochs 1000 --steps-per-epoch 625 --interval step",
        "facebookresearch/barlowtwins main.py, adjust_learning_rate, batch 2048",
    ),
    "SimSiam": (
        "cosine --t-max 100",
        "--lr 0.1 --epochs 100",
        "facebookresearch/simsiam main_simsiam.py: adjusted once an epoch, batch 512",
    ),
    "BEiT": (
        "hf-cosine-with-min-lr --num-warmup-steps 6250 --num-training-steps 500000 --min-lr 1e-5",
        "--lr 1.5e-3 --epochs 800 --steps-per-epoch 625 --interval step",
        "microsoft/unilm beit README: warmup_epochs 10, batch 2048",
    ),
    "ViT-S/16 in big_vision": (
        "hf-cosine --num-warmup-steps 10000 --num-training-steps 112590",
        "--lr 1e-3 --epochs 90 --steps-per-epoch 1251 --interval step",
        "google-research/big_vision configs/vit_s16_i1k.py, batch 1024",
    ),
    "DiT": (
        "constant --factor 1",
        "--lr 1e-4 --ticks 400000 --interval step",
        "arXiv 2212.09748, section 4: a constant rate, no warmup",
    ),
    "ControlNet": (
        "hf-constant",
        "--lr 1e-5 --ticks 12500 --interval step",
        "diffusers examples/controlnet: lr_scheduler constant; fill50k, batch 4, an epoch",
    ),
    # More of language
    "PaLM": (
        "lambda --expr 'min(1, sqrt(10000 / (t + 1)))'",
        "--lr 0.01 --ticks 255000 --interval step",
        "arXiv 2204.02311, section 5: 1e-2 for 10000 steps, then 1 / sqrt(k)",
    ),
    "Vicuna": (
        "hf-cosine --num-warmup-steps 3%",
        "--lr 2e-5 --epochs 3 --examples 70000 --batch-size 128",
        "lm-sys/FastChat README: warmup_ratio 0.03, global batch 128, 70000 conversations",
    ),
    "LLaVA 1.5": (
        "hf-cosine --num-warmup-steps 3%",
        "--lr 2e-5 --epochs 1 --examples 665298 --batch-size 16 --num-processes 8",
        "haotian-liu/LLaVA scripts/v1_5/finetune.sh: warmup_ratio 0.03",
    ),
    "QLoRA, Guanaco 7B": (
        "hf-constant",
        "--lr 2e-4 --ticks 1875 --interval step",
        "arXiv 2305.14314, table 9: constant, batch 16",
    ),
    "Zephyr, DPO": (
        "hf-cosine --num-warmup-steps 10%",
        "--lr 5e-7 --epochs 1 --examples 61135 --batch-size 8 --num-processes 8 --accumulate 2",
        "huggingface/alignment-handbook recipes/zephyr-7b-beta/dpo/config_full.yaml: warmup_ratio 0.1",
    ),
    # Following a metric
    "word language model": (
        "plateau --factor 0.25 --patience 0",
        "--lr 20 --epochs 40",
        "pytorch/examples word_language_model, annealed at each worse epoch",
    ),
    "plateau, ResNet": (
        "plateau",
        "--lr 0.1 --epochs 120",
        "He et al., arXiv 1512.03385, section 3.4: by 10 when the error plateaus",
    ),
}
"""The schedule, the run and where both come from, by the name of the model."""


def line_of(name: str) -> str:
    """The command line of a recipe."""
    schedule, run, _ = RECIPES[name]
    return f"{schedule} {run}"


@pytest.mark.parametrize("name", RECIPES)
def test_a_published_recipe_is_no_mistake(name: str) -> None:
    parsed = spec.parse(line_of(name))
    found = findings(*parsed.in_run(Run())[:2])
    assert not [finding for finding in found if finding.severity != NOTE]


def test_there_are_enough_of_them() -> None:
    assert len(RECIPES) >= 110
    assert all(source for _, _, source in RECIPES.values())
